"""Goals and whether they are met."""

missed = []


def tell(name, value):
    print(f"    {name:<58} {value}", flush=True)


def at_least(name, value, goal, unit=""):
    check(name, value, goal, unit, value >= goal, "at least")


def at_most(name, value, goal, unit=""):
    check(name, value, goal, unit, value <= goal, "at most")


def equal(name, value, goal, unit=""):
    check(name, value, goal, unit, value == goal, "exactly")


def check(name, value, goal, unit, met, words):
    number = f"{value:.2f}" if isinstance(value, float) else str(value)
    line = f"{number}{unit} (goal: {words} {goal}{unit})"
    tell(name, line if met else f"{line}  MISSED")
    if not met:
        missed.append(f"{name}: {line}")


def verdict():
    """Says which goals were missed; the exit code."""
    if not missed:
        print("every goal is met")
        return 0
    print(f"{len(missed)} goals missed:")
    for line in missed:
        print(f"    {line}")
    return 1
