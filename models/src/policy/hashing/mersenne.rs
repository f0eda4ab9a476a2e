//! The Mersenne Twister MT19937, seeded by a hash: Envoy shuffles hosts with it, the same way for the same
//! key.
//!
//! It is no source of chance here: its numbers are a function of the key. Matsumoto & Nishimura, 1998.

/// Words of state.
const WORDS: usize = 624;

/// MT19937, 32 bits, as C++'s `std::mt19937`.
#[derive(Clone, Debug)]
pub struct Mersenne {
    words: Box<[u32; WORDS]>,
    next: usize,
}

impl Mersenne {
    /// The generator C++ makes of this seed, of which it takes the lower 32 bits.
    pub fn new(seed: u64) -> Self {
        let mut words = Box::new([0_u32; WORDS]);
        let mut last = seed as u32;
        words[0] = last;
        for (index, word) in (1_u32..).zip(words.iter_mut().skip(1)) {
            last = (last ^ (last >> 30)).wrapping_mul(1_812_433_253).wrapping_add(index);
            *word = last;
        }
        Self { words, next: WORDS }
    }

    /// The next 32 bits.
    pub fn bits(&mut self) -> u32 {
        if self.next == WORDS {
            self.twist();
        }
        let mut word = self.words[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9D2C_5680;
        word ^= (word << 15) & 0xEFC6_0000;
        word ^ (word >> 18)
    }

    /// A whole number in 0..n as Envoy draws it: 2³² is cut into n equal parts, a draw beyond the last is
    /// repeated.
    pub fn below(&mut self, n: u32) -> u32 {
        let part = ((1_u64 << 32) / u64::from(n.max(1))) as u32;
        loop {
            // A single part would be 2³² itself, which wraps to 0: all draws fall in it.
            let drawn = self.bits().checked_div(part).unwrap_or(0);
            if drawn < n.max(1) {
                return drawn;
            }
        }
    }

    fn twist(&mut self) {
        for index in 0..WORDS {
            let upper = self.words[index] & 0x8000_0000;
            let joined = upper | (self.words[(index + 1) % WORDS] & 0x7FFF_FFFF);
            let odd = if joined & 1 == 1 { 0x9908_B0DF } else { 0 };
            self.words[index] = self.words[(index + 397) % WORDS] ^ (joined >> 1) ^ odd;
        }
        self.next = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ten_thousandth_number_is_the_standards() {
        // ISO C++, [rand.predef]: the 10000th invocation of a default-constructed mt19937 gives 4123659995.
        let mut generator = Mersenne::new(5489);
        assert_eq!((0..10_000).map(|_| generator.bits()).last(), Some(4_123_659_995));
    }
}
