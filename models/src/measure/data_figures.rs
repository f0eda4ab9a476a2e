//! Figures of the data tier: shards, replicas, transactions and caches.

use sim_core::statistics::Histogram;

use super::{
    catalog::Owner,
    figures::{Figures, Sheet},
    replicas::ReplicaBook,
    shards::{ShardBook, ShardSeen, Stored},
    shelves::{Absence, SIZES, ShelfBook, ShelfTotals},
    transactions::{Cause as AbortCause, TransactionBook},
    windows::Window,
};
use crate::report::Unit;

impl Figures {
    /// Adds how the shards of a database shared what came and what they store in one window.
    pub fn shards(
        &mut self,
        id: &str,
        shards: &[ShardSeen],
        book: &ShardBook,
        number: usize,
        window: &Window,
    ) {
        let mut sheet = Sheet::new(self, id, window);
        let of = |figure: fn(&ShardSeen) -> f64| shards.iter().map(figure).collect::<Vec<f64>>();
        sheet.spread("shard_imbalance", &of(|shard| shard.arrivals as f64));
        sheet.spread("busy_imbalance", &of(|shard| shard.busy as f64));
        sheet.spread("key_imbalance", &of(|shard| shard.stored.keys as f64));
        sheet.spread("byte_imbalance", &of(|shard| shard.stored.bytes as f64));
        let totals = book.within(number);
        let mean = |sum: u64| (totals.queries > 0).then(|| sum as f64 / totals.queries as f64);
        sheet.add("fan_out.mean", Unit::Count, mean(totals.touched), totals.queries);
        let reached = book.fan_out(number);
        for (name, p) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)] {
            let shards = reached.quantile(p).map(|shards| shards as f64);
            sheet.add(&format!("fan_out.{name}"), Unit::Count, shards, totals.queries);
        }
        let most = reached.max().map(|shards| shards as f64);
        sheet.add("fan_out.max", Unit::Count, most, totals.queries);
        sheet.add("cross_shard.mean", Unit::Ratio, mean(totals.crossing), totals.queries);
    }

    /// Adds what a database that looks for hot keys made of them in one window.
    pub fn hot_keys(&mut self, id: &str, book: &ShardBook, number: usize, window: &Window) {
        let mut sheet = Sheet::new(self, id, window);
        let totals = book.within(number);
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        sheet.level("hot_keys", book.hot_keys(number));
        sheet.flow("found_hot_keys", totals.found, totals.found);
        sheet.flow("cooled_hot_keys", totals.cooled, totals.found);
        sheet.flow("uncopied_hot_keys", totals.uncopied, totals.found);
        sheet.add("copy_read_ratio.mean", Unit::Ratio, share(totals.copy_reads, totals.reads), totals.reads);
        let hottest = share(totals.hottest, totals.judged);
        sheet.add("hottest_key_share.mean", Unit::Ratio, hottest, totals.judged);
    }

    /// Adds what a database, or one of its servers, stored when a window closed.
    pub fn stored(&mut self, id: &str, stored: Stored, window: &Window) {
        let mut sheet = Sheet::new(self, id, window);
        let count = |number: i128| u64::try_from(number).unwrap_or_default();
        sheet.count("stored_keys", count(stored.keys), count(stored.keys));
        sheet.count("stored_bytes", count(stored.bytes), count(stored.keys));
    }

    /// Adds what was read of replicas that differ, and how far they did, in one window.
    pub fn replicas(&mut self, id: &str, book: &ReplicaBook, number: usize, window: &Window) {
        let mut sheet = Sheet::new(self, id, window);
        let totals = book.within(number);
        let share = (totals.reads > 0).then(|| totals.stale_reads as f64 / totals.reads as f64);
        sheet.flow("stale_reads", totals.stale_reads, totals.reads);
        sheet.add("stale_ratio.mean", Unit::Ratio, share, totals.reads);
        sheet.staleness("stale_age", book.staleness(number));
        sheet.flow("read_your_writes_violations", totals.violations, totals.reads);
        sheet.count("exposed_writes", totals.exposed_writes, totals.exposed_writes);
        sheet.distribution("replication_lag", book.lag(number));
    }

    /// Adds how transactions ended, and how long keys were held, in one window.
    pub fn transactions(
        &mut self,
        id: &str,
        book: &TransactionBook,
        owners: &[Owner],
        number: usize,
        window: &Window,
    ) {
        let mut sheet = Sheet::new(self, id, window);
        let totals = book.within(number);
        let decided = totals.committed + totals.failed();
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        sheet.flow("transactions", totals.begun, totals.begun);
        sheet.flow("committed", totals.committed, decided);
        sheet.flow("aborted", totals.failed(), decided);
        for cause in AbortCause::ALL {
            sheet.count(&format!("aborted_{}", cause.name()), totals.aborted[cause as usize], decided);
        }
        sheet.add("messages.mean", Unit::Count, share(totals.messages, totals.over), totals.over);
        sheet.flow("lock_waits", totals.lock_waits, totals.claims);
        let (held, doubt) = book.times(number);
        sheet.distribution("lock_hold", held);
        if owners.contains(&Owner::TwoPhase) {
            sheet.distribution("in_doubt", doubt);
        }
        if owners.contains(&Owner::Saga) {
            sheet.flow("compensated", totals.compensated, totals.claims);
            sheet.flow("dirty_reads", totals.dirty_reads, totals.claims);
        }
    }

    /// Adds what is not decided yet when the run ended: transactions, and participants in doubt.
    pub fn undecided(&mut self, id: &str, (open, doubt): (u64, u64), owners: &[Owner]) {
        self.add(format!("{id}.undecided_at_end.count"), Unit::Count, Some(open as f64), open);
        if owners.contains(&Owner::TwoPhase) {
            self.add(format!("{id}.in_doubt_at_end.count"), Unit::Count, Some(doubt as f64), doubt);
        }
    }

    /// Adds what a cache did in one window.
    pub fn shelves(&mut self, id: &str, book: &ShelfBook, owners: &[Owner], number: usize, window: &Window) {
        let mut sheet = Sheet::new(self, id, window);
        let totals = book.within(number);
        let missed = totals.missed();
        let lookups = totals.hits + missed;
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        sheet.add("hit_ratio.mean", Unit::Ratio, share(totals.hits, lookups), lookups);
        let bytes = totals.hit_bytes.saturating_add(totals.missed_bytes);
        sheet.add("byte_hit_ratio.mean", Unit::Ratio, share(totals.hit_bytes, bytes), lookups);
        if owners.contains(&Owner::Sizing) {
            let (lookups, hits) = totals.reckoned;
            for ((size, _), hits) in SIZES.iter().zip(hits) {
                sheet.add(&format!("lru_hit_ratio.{size}"), Unit::Ratio, share(hits, lookups), lookups);
            }
        }
        sheet.flow("hits", totals.hits, lookups);
        sheet.flow("misses", missed, lookups);
        for why in Absence::COMMON {
            sheet.count(&format!("missed_{}", why.name()), totals.misses[why as usize], lookups);
        }
        sheet.flow("coalesced", totals.coalesced, missed);
        sheet.flow("refreshes", totals.refreshes, lookups);
        sheet.flow("evictions", totals.evictions, missed);
        sheet.count("refused_fills", totals.refused_fills, missed);
        let (entries, kibibytes) = book.size(number);
        sheet.level("entries", entries);
        let nanos = sheet.seconds * 1e9;
        let most = u64::from(kibibytes.most) << 10;
        sheet.add("bytes.mean", Unit::Bytes, Some(kibibytes.area as f64 / nanos * 1024.0), most);
        sheet.add("bytes.max", Unit::Bytes, Some(most as f64), most);
        sheet.flow("stale_reads", totals.stale_reads, totals.hits);
        sheet.add("stale_ratio.mean", Unit::Ratio, share(totals.stale_reads, totals.hits), totals.hits);
        sheet.staleness("stale_age", book.staleness(number));
        if owners.contains(&Owner::WriteBack) {
            sheet.count("lost_writes", totals.lost_writes, totals.lost_writes);
        }
        sheet.tier(&totals, owners);
        if owners.contains(&Owner::HotKeys) {
            sheet.level("hot_keys", book.hot_keys(number));
            sheet.flow("hot_lookups", totals.hot_lookups, lookups);
        }
        let (hits, misses) = book.latency(number);
        sheet.distribution("hit_latency", hits);
        sheet.distribution("miss_latency", misses);
    }
}

impl Sheet<'_> {
    /// How long what was read had not been true.
    pub(super) fn staleness(&mut self, name: &str, ages: &Histogram) {
        let seconds = |nanos: f64| nanos / 1e9;
        self.add(&format!("{name}.mean"), Unit::Seconds, ages.mean().map(seconds), ages.count());
        let oldest = ages.max().map(|nanos| seconds(nanos as f64));
        self.add(&format!("{name}.max"), Unit::Seconds, oldest, ages.count());
    }

    /// What a cache had to do with those above and below it, and with its disk.
    fn tier(&mut self, totals: &ShelfTotals, owners: &[Owner]) {
        if owners.contains(&Owner::Lender) {
            self.flow("promotions", totals.promotions, totals.hits);
            let missed = totals.misses[Absence::Promoted as usize];
            self.count(&format!("missed_{}", Absence::Promoted.name()), missed, totals.missed());
        }
        if owners.contains(&Owner::Exclusive) {
            self.flow("demotions", totals.demotions, totals.evictions);
            self.count("lost_demotions", totals.lost_demotions, totals.demotions);
        }
        if owners.contains(&Owner::Sweeping) {
            self.flow("swept", totals.swept, totals.swept);
        }
        if owners.contains(&Owner::Inclusive) {
            self.flow("back_invalidations", totals.back_invalidations, totals.hits);
        }
        if owners.contains(&Owner::Disk) {
            let wait = totals.access_nanos as f64 / totals.accesses as f64 / 1e9;
            self.flow("accesses", totals.accesses, totals.accesses);
            let wait = (totals.accesses > 0).then_some(wait);
            self.add("access_wait.mean", Unit::Seconds, wait, totals.accesses);
            self.flow("refused_accesses", totals.refused_accesses, totals.accesses);
        }
    }
}
