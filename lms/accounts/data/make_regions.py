"""Make lms/accounts/data/regions.json: the UN M49 region tree and its ISO 3166-1 countries.

usage: npm pack cldr-core && tar xzf cldr-core-*.tgz
       python lms/accounts/data/make_regions.py package/supplemental/territoryContainment.json
"""

import json
import sys
from pathlib import Path

from babel import Locale

TARGET = Path(__file__).with_name("regions.json")
# Codes that CLDR lists beside the ISO countries: exceptional reservations and CLDR's own. XK (Kosovo) stays: people come from there.
NOT_COUNTRIES = {"EA", "IC", "AC", "CP", "CQ", "DG", "TA"}
# UN M49 has these two between the continent and its regions; CLDR calls them groupings.
BETWEEN = {"419": "019", "202": "002"}


def main(source: Path) -> None:
    """Write the tree, parents before children."""
    contained = json.loads(source.read_text())["supplemental"]["territoryContainment"]
    contains = {code: row["_contains"] for code, row in contained.items() if "-" not in code}
    names = Locale("en").territories
    regions = [{"code": "001", "name": names["001"], "parent": None}]
    countries: dict[str, str] = {"AQ": "009"}  # Antarctica: the only ISO country of CLDR's "Outlying Oceania"

    def visit(parent: str) -> None:
        inside = {child: code for code, home in BETWEEN.items() if home == parent for child in contains[code]}
        children = [code for code in contains[parent] if code not in inside] + [code for code, home in BETWEEN.items() if home == parent]
        for child in sorted(children):
            if child.isdigit():
                regions.append({"code": child, "name": names[child], "parent": parent})
                visit(child)
            elif child not in NOT_COUNTRIES and child != "QO":
                countries[child] = parent

    visit("001")
    document = {
        "source": "Unicode CLDR, territoryContainment (UN M49)",
        "licence": "Unicode-3.0, see LICENSE-Unicode-3.0.txt",
        "regions": regions,
        "countries": dict(sorted(countries.items())),
    }
    TARGET.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
