//! Broken levels of caches, caches inside servers, disks, spares and hot keys.

use super::cases::{Case, edit};

/// Each stands beside the sound file's components.
pub(super) const TIERS: &[Case] = &[
    edit(
        "no way to include",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"far\", inclusion: Exclusiv), \"far\": Cache(source: \"web\"),",
        )],
    ),
    edit(
        "exclusive of no cache",
        &[("    components: {", "    components: { \"near\": Cache(source: \"web\", inclusion: Exclusive),")],
    ),
    edit(
        "levels that do not agree",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"far\", inclusion: Exclusive), \"side\": Cache(source: \"far\"), \"far\": Cache(source: \"web\"),",
        )],
    ),
    edit(
        "inclusive and written later",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"far\", inclusion: Inclusive, on_write: WriteBack()), \"far\": Cache(source: \"web\"),",
        )],
    ),
    edit(
        "lent and not passed on",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"far\", inclusion: Exclusive), \"far\": Cache(source: \"web\", on_write: WriteBack()),",
        )],
    ),
    edit(
        "confirmed by who does not hold it",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"far\", inclusion: Exclusive, freshness: (ttl: \"1s\"), revalidation: 0.1), \"far\": Cache(source: \"web\"),",
        )],
    ),
    edit(
        "levels that begin with what was",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"far\", inclusion: Inclusive, on_restart: Snapshot()), \"far\": Cache(source: \"web\"),",
        )],
    ),
    edit(
        "puts of nobody",
        &[("    components: {", "    components: { \"near\": Cache(source: \"web\", on_put: UnlessOlder),")],
    ),
    edit(
        "no way to put",
        &[("    components: {", "    components: { \"near\": Cache(source: \"web\", on_put: IfNewer),")],
    ),
    edit(
        "inside nobody",
        &[("    components: {", "    components: { \"near\": Cache(source: \"web\", inside: \"wbe\"),")],
    ),
    edit(
        "inside a balancer",
        &[("    components: {", "    components: { \"near\": Cache(source: \"web\", inside: \"lb\"),")],
    ),
    edit(
        "servers of its own inside others",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"web\", inside: \"web\", servers: 2, placed_in: \"eu\"),",
        )],
    ),
    edit(
        "called from elsewhere",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"web\", inside: \"app\"), \"app\": Service(), \"gate\": Service(handles: { \"*\": [Call(\"near\")] }),",
        )],
    ),
    edit(
        "disk without accesses",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"web\", storage: Disk(iops_limit: \"0/s\", queue_depth: 0)),",
        )],
    ),
    edit(
        "disk without unit",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"web\", storage: Disk(iops_limit: 5000)),",
        )],
    ),
    edit(
        "storage of another kind",
        &[("    components: {", "    components: { \"near\": Cache(source: \"web\", storage: Tape()),")],
    ),
    edit(
        "saved all the time",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"web\", on_restart: Snapshot(every: \"0s\")),",
        )],
    ),
    edit(
        "restart of no kind",
        &[("    components: {", "    components: { \"near\": Cache(source: \"web\", on_restart: Warm),")],
    ),
    edit(
        "hot key of one server",
        &[("    components: {", "    components: { \"near\": Cache(source: \"web\", hot_keys: ()),")],
    ),
    edit(
        "hot share in percent",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"web\", servers: 4, hot_keys: (share: 5, copies: 1, window: \"0s\", counters: 0)),",
        )],
    ),
    edit(
        "copies of what is passed on later",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"web\", servers: 4, hot_keys: (), on_write: WriteBack()),",
        )],
    ),
    edit(
        "no such gutter",
        &[(
            "    components: {",
            "    components: { \"gate\": Service(handles: { \"*\": [CachedRead(cache: \"near\", gutter: \"spare\")] }), \"near\": Cache(source: \"web\"),",
        )],
    ),
    edit(
        "gutter that is no cache",
        &[(
            "    components: {",
            "    components: { \"gate\": Service(handles: { \"*\": [CachedRead(cache: \"near\", gutter: \"web\")] }), \"near\": Cache(source: \"web\"),",
        )],
    ),
];
