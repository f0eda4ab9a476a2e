//! Which group of backends: priority levels, zones, regions, panic.
