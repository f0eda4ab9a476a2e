//! What is told of results: on a terminal, as text, in tables for machines.

use crate::desk::Desk;

#[test]
fn the_result_on_a_terminal() {
    insta::assert_snapshot!(Desk::with("doubt").run("").out, @r#"
    fake   DESK/results/fake/3f9c2a71   seed 1   6 replications   CRN

      SLO  clients.latency.p99 < 250ms   mean ± 95 % CI, ms

      load        0.50        0.70        0.95
      fast     112±1.6 ✓   112±1.7 ✓▴  112±1.8 ✓▴
      even     106±1.9 ✓▴  112±1.5 ✓▴  120±2.0 ✓
      blind ◇  801±1.3 ✗   +20.1/s ✗   +45.1/s ✗

      ✓ pass  ✗ fail  ? inconclusive   ▴ best or tied (paired, Holm 5 %)   ◇ baseline
      +20.1/s = unstable: that many requests per second pile up at web[15]; no steady-state latency exists

    Answer
      At load 0.50 even has the lowest p99; at 0.70 even and fast tie; at 0.95 fast.
      clients.latency.p99 < 250ms: even and fast pass at every load; blind fails at every load.

    Paired differences in p99 at load 0.95, each minus fast (95 % CI each, Holm-adjusted p)
      even  +7.32 ms  [+6.206, +8.439]  Holm p 1e-5  CRN saved 5.6×

    Expectations  0 of 3 hold
      ? fast@0.5  clients.latency.mean < 55.599999999999994ms   found 55.9±0.78 ms   about 57 replications would decide
      ? fast@0.7  clients.latency.mean < 55.599999999999994ms   found 56.1±0.83 ms   about 15 replications would decide
      ? fast@0.95  clients.latency.mean < 55.599999999999994ms   found 56.2±0.88 ms   about 15 replications would decide

    Checks   conservation ✓   Little's law ✓   warm-up 20 s ≥ MSER-5 ✓   re-run of 1 cell identical ✓
    Report   DESK/results/fake/3f9c2a71/report.html
    "#);
}

#[test]
fn the_story_of_a_storm() {
    insta::assert_snapshot!(Desk::with("storm").run("").out, @r#"
    fake   DESK/results/fake/3f9c2a71   seed 100   10 replications   CRN

                                   ┌120─150┐
      clients goodput  t=0                                                    600 s  recovered   goodput@late
      no_retry         ████████████▄▄▄▁▂███████████████████████████████████████████  10/10 18 s  700±0.2/s ✓▴
      retry ◇          ████████████▄▄▄▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁      0/10 –        0/s ✗
      retry_budget     ████████████▄▄▄▁▁▁▆█████████████████████████████████████████  10/10 33 s  700±0.2/s ✓▴

      METASTABLE  retry: the trigger ended at 150 s, the system is still down at 600 s in 10 of 10 replications
                  (goodput 0/s, before the fault 700/s)

      ✓ pass  ✗ fail  ? inconclusive   ▴ best or tied (paired, Holm 5 %)   ◇ baseline

    Answer
      no_retry and retry_budget tie for the highest goodput@late.
      clients.goodput.mean@late > 665/s: no_retry and retry_budget pass; retry fails.

    Paired differences in goodput@late, each minus no_retry (95 % CI each, Holm-adjusted p)
      retry_budget     0/s  [0, 0]            Holm p 1
      retry         -700/s  [-700.2, -699.8]  Holm p <1e-15  CRN saved 1.0×

    Expectations  2 of 2 hold

    Checks   conservation ✓   Little's law ✓   re-run of 1 cell identical ✓
    Report   DESK/results/fake/3f9c2a71/report.html
    "#);
}

#[test]
fn the_result_in_ascii_and_seconds() {
    insta::assert_snapshot!(Desk::with("plain").run("--ascii --time-unit s").out, @r#"
    fake   DESK/results/fake/3f9c2a71   seed 1   6 replications   CRN

      SLO  clients.latency.p99 < 250ms   mean +- 95 % CI, s

      load              0.50              0.70              0.95
      fast     0.112+-0.0016 +   0.112+-0.0017 +*  0.112+-0.0018 +*
      even     0.106+-0.0019 +*  0.112+-0.0015 +*  0.120+-0.0020 +
      blind o  0.801+-0.0013 x   +20.1/s       x   +45.1/s       x

      + pass  x fail  ? inconclusive   * best or tied (paired, Holm 5 %)   o baseline
      +20.1/s = unstable: that many requests per second pile up at web[15]; no steady-state latency exists

    Answer
      At load 0.50 even has the lowest p99; at 0.70 even and fast tie; at 0.95 fast.
      clients.latency.p99 < 250ms: even and fast pass at every load; blind fails at every load.

    Paired differences in p99 at load 0.95, each minus fast (95 % CI each, Holm-adjusted p)
      even  +0.00732 s  [+0.006206, +0.008439]  Holm p 1e-5  CRN saved 5.6x

    Checks   conservation +   Little's law +   warm-up 20 s >= MSER-5 +   re-run of 1 cell identical +
    Report   DESK/results/fake/3f9c2a71/report.html
    "#);
}

#[test]
fn the_result_as_markdown() {
    insta::assert_snapshot!(Desk::with("plain").run("--format markdown -q").out, @r#"
    # fake

    Who keeps p99 below 250 ms?

    > At load 0.50 even has the lowest p99; at 0.70 even and fast tie; at 0.95 fast.

    > clients.latency.p99 < 250ms: even and fast pass at every load; blind fails at every load.

    ## clients.latency.p99 < 250ms (ms)

    | load | 0.50 | 0.70 | 0.95 |
    | --- | ---: | ---: | ---: |
    | blind (baseline) | 801±1.3 ✗ | unstable, +20.1/s at web[15] ✗ | unstable, +45.1/s at web[15] ✗ |
    | even | 106±1.9 ✓ ▴ | 112±1.5 ✓ ▴ | 120±2.0 ✓ |
    | fast | 112±1.6 ✓ | 112±1.7 ✓ ▴ | 112±1.8 ✓ ▴ |

    ## Paired differences

    Base units; 95 % intervals each; p adjusted by Holm's method.

    | metric | at | arm | minus | difference | 95 % CI | p |
    |---|---|---|---|---:|---|---:|
    | clients.latency.p99 | 0.50 | even | blind | -0.694 | [-0.6953, -0.6936] | <1e-15 |
    | clients.latency.p99 | 0.50 | fast | blind | -0.689 | [-0.6897, -0.6883] | <1e-15 |
    | clients.latency.p99 | 0.50 | blind | even | +0.694 | [+0.6936, +0.6953] | 1e-15 |
    | clients.latency.p99 | 0.50 | fast | even | +0.00541 | [+0.004602, +0.006222] | 1e-5 |
    | clients.latency.p99 | 0.70 | fast | even | +0.000111 | [-0.0006655, +0.0008874] | 0.73 |
    | clients.latency.p99 | 0.95 | even | fast | +0.00732 | [+0.006206, +0.008439] | 1e-5 |

    Seed 1, experiment `3f9c2a71`, cells in `cells.csv`.
    "#);
}

#[test]
fn the_check_page() {
    insta::assert_snapshot!(Desk::with("plain").say("check FILE").out, @r#"
    fake   Who keeps p99 below 250 ms?

    Plan        3 arms × 3 loads × 6 replications = 54 runs, seed 1, common random numbers on
    Size        ≈ 99 million requests, ≈ 15 s of CPU
    Capacity    web: 15 × 200/s + 1 × 100/s = 3100/s

    Stability   arm    0.50   0.70   0.95   busiest
                blind  0.95   1.33✗  1.80✗  web[15]
                even      –      –      –   web[15]
                fast      –      –      –   web[15]
                –  no closed form: the strategy looks at the state, or the load is a trace

    Precision   ≥ 155 000 requests a run, ≥ 1550 beyond the farthest quantile claimed
    Warm-up     20 s   verified at run time (MSER-5)

    ✓ valid
    "#);
}

#[test]
fn the_tables_for_machines() {
    let desk = Desk::with("doubt");
    desk.run("");
    let head = |name: &str| desk.read(name).lines().take(3).collect::<Vec<_>>().join("\n");
    let names = ["cells.csv", "replications.csv", "comparisons.csv", "slos.csv", "timeseries/fast@0.95.csv"];
    insta::assert_snapshot!(names.map(head).join("\n\n"), @r#"
    arm,clients.load.fraction,metric,unit,n,mean,ci_low,ci_high,method,flags
    blind,0.5,clients.goodput.mean,1/s,6,500.22567196259746,499.86223143302124,500.5891124921737,student,
    blind,0.5,clients.in_flight.mean,count,6,200.18625486775238,199.86963215327862,200.50287758222615,student,

    arm,clients.load.fraction,replication,metric,value
    blind,0.5,0,clients.goodput.mean,499.53401170130434
    blind,0.5,0,clients.in_flight.mean,199.65238214740484

    metric,arm,baseline,clients.load.fraction,diff,ci_low,ci_high,p,p_holm,corr,vrf,pairs,reference
    clients.latency.p99,even,blind,0.5,-0.6944457051937085,-0.6953197034890107,-0.6935717068984063,5.339579046e-16,5.339579046e-16,0.9268873037551915,6.862185976563294,6,baseline
    clients.latency.p99,fast,blind,0.5,-0.6890337440024841,-0.6897300795760397,-0.6883374084289284,1.7825282734e-16,3.5650565468e-16,0.9010631851185787,8.386329870304897,6,baseline

    expression,arm,clients.load.fraction,verdict,value,ci_low,ci_high,replications_needed,kind,basis,note
    clients.latency.p99 < 250ms,blind,0.5,fail,0.8007450194710094,0.7994785286131144,0.8020115103289046,,slo,share_over_limit,
    clients.latency.p99 < 250ms,blind,0.7,fail,1.001067159060706,,,,slo,unstable,"unstable: web[15] falls behind, the figure grows with the run"

    t,metric,mean,ci_low,ci_high
    0,clients.in_flight,53.48992648901351,52.61289153589981,54.36696144212721
    1,clients.in_flight,53.58950948088594,52.41051366706165,54.76850529471022
    "#);
}

#[test]
fn the_junit_file() {
    let desk = Desk::with("expect");
    desk.run("--arm fast");
    insta::assert_snapshot!(desk.read("junit.xml"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuite name="fake" tests="6" failures="3" skipped="0" errors="0">
      <testcase classname="fake.slo.fast@0.5" name="clients.latency.p99 &lt; 250ms"/>
      <testcase classname="fake.slo.fast@0.7" name="clients.latency.p99 &lt; 250ms"/>
      <testcase classname="fake.slo.fast@0.95" name="clients.latency.p99 &lt; 250ms"/>
      <testcase classname="fake.expect.fast@0.5" name="clients.latency.p99 &lt; 50ms">
        <failure message="fail: 0.111711 [0.110142, 0.113280] against 0.05"/>
      </testcase>
      <testcase classname="fake.expect.fast@0.7" name="clients.latency.p99 &lt; 50ms">
        <failure message="fail: 0.112274 [0.110621, 0.113926] against 0.05"/>
      </testcase>
      <testcase classname="fake.expect.fast@0.95" name="clients.latency.p99 &lt; 50ms">
        <failure message="fail: 0.112345 [0.110583, 0.114107] against 0.05"/>
      </testcase>
    </testsuite>
    "#);
}
