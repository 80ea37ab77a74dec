"""Hold branch coverage: 100 % for the domain and for reading prices, 90 % for the rest."""

import io
import sys

import coverage

EVERY_BRANCH = (
    "service/domain/*",
    "scrapers/normalize.py",
    "scrapers/pricing.py",
    "scrapers/printed.py",
    "scrapers/quantities.py",
)
# Run as child processes by the end-to-end tests, where coverage does not look.
NOT_COUNTED = (
    "service/__main__.py",
    "service/serve_*.py",
    "service/up.py",
    "service/greeting.py",
    "scrapers/__main__.py",
)


def percent(
    measured: coverage.Coverage, *, include: tuple[str, ...], omit: tuple[str, ...]
) -> float:
    """Return the branch coverage of some files; prints those with gaps."""
    report = io.StringIO()
    share = measured.report(
        include=list(include) or None, omit=list(omit), file=report, skip_covered=True
    )
    print(report.getvalue().rstrip())
    return share


def main() -> None:
    """Fail when a floor is not reached."""
    measured = coverage.Coverage()
    measured.load()
    inner = percent(measured, include=EVERY_BRANCH, omit=())
    outer = percent(measured, include=(), omit=(*EVERY_BRANCH, *NOT_COUNTED))
    print(f"branch coverage: domain and normalize {inner:.1f} % (floor 100)")
    print(f"branch coverage: the rest {outer:.1f} % (floor 90)")
    if inner < 100 or outer < 90:  # noqa: PLR2004 - the floors themselves
        sys.exit(1)


if __name__ == "__main__":
    main()
