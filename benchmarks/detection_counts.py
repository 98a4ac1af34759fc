"""How many planted faults a comparison of gradients finds, and how many of very many right functions it calls wrong.

count  so many right functions are drawn; of the faults, which are fewer, all are planted that are no more than that
"""

import itertools
from collections import Counter

from benchmarks.detection_faults import faults, found
from benchmarks.detection_right import complaint, right
from benchmarks.report import Report, short, verdict, watched

SHOWN = 10  # alarms, and faults not found
VISIBLE = 1e-9  # a fault as large as that must be found


def outcome(ask, *given):
    """What is answered, or an error in words; it must not end a run of hours."""
    try:
        return ask(*given)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def planted(count):
    """Plant faults, and report how many of each kind and size are found."""
    every = faults()
    chosen = every[:: max(1, -(-len(every) // count))]
    caught, total, missed = Counter(), Counter(), []
    for fault in watched(chosen, "planted faults", len(chosen)):
        row = fault.kind, fault.size
        total[row] += 1
        answer = outcome(found, fault)
        caught[row] += answer is True
        if answer is not True and fault.size >= VISIBLE:
            missed.append(short(f"{fault.kind}, {fault.size:.0e}, {fault.name}" + (f": {answer}" if answer else "")))
    report = Report("planted faults found", ["kind", "size", "found"])
    report.rows += [[kind, f"{size:.0e}", f"{caught[kind, size]:,}/{n:,}"] for (kind, size), n in total.items()]
    report.notes.append(f"{caught.total():,} of {total.total():,} faults are found")
    large = sum(n for (_, size), n in total.items() if size >= VISIBLE)
    report.notes.append(verdict(f"all of {VISIBLE:g} and more", not missed, f"{large - len(missed):,}/{large:,}"))
    report.notes += missed[:SHOWN]
    return report


def unplanted(count):
    """Draw right functions, and report how many of each kind are called wrong."""
    alarms, total, said = Counter(), Counter(), []
    for name, f, args in watched(right(count), "right functions", count):
        kind = name.partition(",")[0]
        total[kind] += 1
        answer = outcome(complaint, f, args)
        if answer is not None:
            alarms[kind] += 1
            said.append(short(f"{name}: {answer}"))
    report = Report("right functions called wrong", ["kind", "called wrong"])
    report.rows += [[kind.replace("_", " "), f"{alarms[kind]:,}/{n:,}"] for kind, n in total.items()]
    report.notes.append(verdict("no false alarm", not said, f"{len(said):,} of {total.total():,} right functions"))
    report.notes += itertools.islice(said, SHOWN)
    return report


def measure(options):
    """Count both."""
    return [planted(options.count), unplanted(options.count)]
