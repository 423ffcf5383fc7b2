"""Sums the results of the Swift and the end-to-end tests and ends with `N passed, N failed, N skipped`.

    test-summary.py RESULTS-FOLDER SWIFT-EXIT-CODE END-TO-END-EXIT-CODE

A run that broke off without a failed test to show for it (a crash, a build error) counts as one failed test. Exit code
0 only if something passed and nothing failed.
"""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def count(files):
    """Counts (passed, failed, skipped) over JUnit files."""
    passed = failed = skipped = 0
    for file in files:
        try:
            cases = list(ElementTree.parse(file).iter("testcase"))
        except ElementTree.ParseError:
            # The writer was killed in the middle; its exit code tells the rest.
            continue
        for case in cases:
            kinds = {child.tag for child in case}
            if kinds & {"failure", "error"}:
                failed += 1
                print(f"failed: {case.get('classname')}.{case.get('name')}")
            elif "skipped" in kinds:
                skipped += 1
            else:
                passed += 1
    return passed, failed, skipped


def main(folder, *codes):
    total = [0, 0, 0]
    for part, code in zip(("swift", "end-to-end"), map(int, codes)):
        result = list(count(sorted(Path(folder).glob(f"{part}*.xml"))))
        if code != 0 and result[1] == 0:
            print(f"failed: the {part} tests broke off with exit code {code}")
            result[1] = 1
        total = [a + b for a, b in zip(total, result)]
    print("{} passed, {} failed, {} skipped".format(*total))
    return 0 if total[0] > 0 and total[1] == 0 else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
