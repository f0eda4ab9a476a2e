//! Who is next: the order of a waiting line and what a full line does.
