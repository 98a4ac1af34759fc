"""The documentation as a site: ``python -m docs`` builds it, ``python -m docs --open`` shows it, too.

It needs ``pip install '.[docs]'``. The site is written to build/site, works without a server, and
asks the network for nothing.
"""

import argparse
import sys
import webbrowser
from pathlib import Path

HERE = Path(__file__).parent


def main(arguments: list[str] | None = None) -> int:
    """Build the site, warnings being errors, and say where it is; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m docs", description="Build the documentation as a site.")
    parser.add_argument("--open", action="store_true", help="show it in the browser")
    parser.add_argument("--to", type=Path, default=HERE.parent / "build" / "site", help="the folder to write it to")
    wanted = parser.parse_args(arguments)
    try:
        from sphinx.cmd.build import build_main
    except ModuleNotFoundError:
        sys.exit("python -m docs needs Sphinx: pip install '.[docs]'")
    options = ["--fail-on-warning", "--keep-going", "--quiet", "--fresh-env", "--jobs=auto"]
    status = build_main([*options, str(HERE), str(wanted.to)])
    if status == 0:
        page = (wanted.to / "index.html").resolve()
        print(f"the site: {page}")
        if wanted.open:
            webbrowser.open(page.as_uri())
    return status


if __name__ == "__main__":
    sys.exit(main())
