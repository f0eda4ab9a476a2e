"""Makes departures.csv: one day of US flight departures, in the order and to the minute they left.

Reads flights-3m.parquet of the npm package vega-datasets 3.2.1:

    npm pack vega-datasets@3.2.1 && tar xzf vega-datasets-3.2.1.tgz
    python3 departures.py package/data/flights-3m.parquet departures.csv     # needs pyarrow
"""

import csv
import datetime
import sys

import pyarrow.parquet

DAY = datetime.date(2001, 1, 16)  # a Tuesday without a holiday near it


def main(source, target):
    table = pyarrow.parquet.read_table(source, columns=["date", "origin"])
    rows = zip(table.column("date").to_pylist(), table.column("origin").to_pylist())
    day = sorted((moment, origin) for moment, origin in rows if moment.date() == DAY)
    with open(target, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["time", "origin"])
        for moment, origin in day:
            writer.writerow([moment.hour * 3600 + moment.minute * 60, origin])


main(*sys.argv[1:])
