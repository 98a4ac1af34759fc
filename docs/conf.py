"""The site as Sphinx makes it of these pages: ``python -m docs``, from the repository's root."""

import contextlib
import doctest
import importlib
import inspect
import io
import posixpath
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import tinygrad_edu  # noqa: E402

project, author, release = "tinygrad_edu", "the authors of tinygrad_edu", tinygrad_edu.__version__
copyright = author
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "sphinx_copybutton"]
exclude_patterns = ["examples/README.md"]
myst_enable_extensions = ["deflist", "dollarmath"]
myst_heading_anchors = 3

default_role = "code"  # docstrings write `x` as Markdown does
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # a signature shows names and defaults; what an argument may be stands in the docstring
autodoc_preserve_defaults = True
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(numpy|scipy)\..*")]  # their pages are not here

html_theme = "furo"
html_title = "tinygrad_edu"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_show_search_summary = False  # summaries are fetched, which a browser refuses of files
html_math_renderer = "mathml"
html_show_sphinx = html_copy_source = False
pygments_style, pygments_dark_style = "a11y-high-contrast-light", "a11y-high-contrast-dark"
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True

LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)")
PAGES = {"README.md": "docs/index.md", "CONTRIBUTING.md": "docs/contributing.md"} | {
    f"tinygrad_edu/lessons/course/{lesson.name}": f"docs/course/{lesson.name}"
    for lesson in sorted((ROOT / "tinygrad_edu/lessons/course").glob("*.md"))
}


def links_from(text: str, folder: str, page: str) -> str:
    """A Markdown text of `folder`, its links rewritten so that they lead to the same places from `page` of docs/."""

    def there(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, link[1]))
        return posixpath.relpath(PAGES.get(target, target), posixpath.dirname(f"docs/{page}"))

    return LINK.sub(there, text)


def public(module: Any) -> dict[str, Any]:
    """The functions and classes that a module offers, in the order in which it names them."""
    found = {name: getattr(module, name) for name in getattr(module, "__all__", vars(module))}
    return {
        name: thing
        for name, thing in found.items()
        if (inspect.isfunction(thing) or inspect.isclass(thing))
        and not name.startswith("_")
        and (module is tinygrad_edu or thing.__module__.startswith(module.__name__))
    }


def entries(module: Any) -> str:
    """What Sphinx is to write of a module's public names; those of tinygrad_edu itself are written of there only."""
    elsewhere = () if module is tinygrad_edu else tinygrad_edu.__all__
    lines = ["```{eval-rst}"]
    for name, thing in public(module).items():
        if name not in elsewhere:
            kind, options = ("class", "   :members:\n") if inspect.isclass(thing) else ("function", "")
            lines.append(f".. auto{kind}:: {module.__name__}.{name}\n{options}")
    return "\n".join([*lines, "```\n"])


def reference(of: re.Match[str]) -> str:
    """The reference of a module, or, with a star behind it, of each module that it holds."""
    module = importlib.import_module(of[1])
    if not of[2]:
        return entries(module)
    inner = [thing for thing in vars(module).values() if inspect.ismodule(thing) and thing.__name__.startswith(of[1])]
    names = [each.__name__.rpartition(".")[2] for each in inner]
    told = [(each.__doc__ or "").partition("\n\n")[0] for each in inner]
    return "\n".join(f"## `{n}`\n\n{t}\n\n{entries(m)}" for n, t, m in zip(names, told, inner, strict=True))


def read_page(app: "Sphinx", page: str, text: list[str]) -> None:
    """Put in what a page names: README, CONTRIBUTING.md, a lesson, pages not listed yet, the reference of a module."""
    for outside in PAGES:
        place = f"<!-- {outside} -->"
        if place in text[0]:
            text[0] = text[0].replace(
                place, links_from((ROOT / outside).read_text("utf-8"), posixpath.dirname(outside), page)
            )
    inner = {"course": ["course/*"], "gallery": re.findall(r"\((gallery/\w+)\.md\)", text[0])}
    if page in inner:  # these fold up in the sidebar; on GitHub this would stand there as text
        text[0] += "\n".join(["\n```{toctree}\n:hidden:\n:glob:\n", *inner[page], "```\n"])
    if page == "index":
        listed = text[0].splitlines()
        more = sorted(name for name in app.env.found_docs if "/" not in name and name not in (page, *listed))
        text[0] = text[0].replace("<!-- more -->", "\n".join(more))
    text[0] = links_from(text[0], posixpath.dirname(f"docs/{page}"), page)
    text[0] = re.sub(r"<!-- reference: ([\w.]+?)(\.\*)? -->", reference, text[0])


def colour_sessions(app: "Sphinx", doctree: "nodes.document") -> None:
    """Colour examples with prompts as sessions; Markdown calls them Python, as GitHub wants it."""
    from docutils import nodes

    for block in doctree.findall(nodes.literal_block):
        if block.astext().startswith(">>> "):
            block["language"] = "pycon"
            block.rawsource = block.astext().rstrip()  # without the empty line that ends a doctest
            block[:] = [nodes.Text(block.rawsource)]


def plain_text(app: "Sphinx", what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Take stars and underlines of docstrings for what they are, and read their Args, Returns and Raises."""
    from sphinx.ext.napoleon import GoogleDocstring

    session = False
    for i, line in enumerate(lines):
        session = bool(line.strip()) and (session or line.lstrip().startswith(">>> "))
        if not session:
            parts = re.split(r"(`[^`]*`)", line)
            lines[i] = "".join(p if p.startswith("`") else re.sub(r"([*|]|(?<=\w)_(?!\w))", r"\\\1", p) for p in parts)
    if what != "property":
        lines[:] = GoogleDocstring(lines, what=what, name=name).lines()


def leave_out(app: "Sphinx", what: str, name: str, thing: Any, skip: bool, options: Any) -> bool | None:
    """Whether to leave out a member: the fields of named tuples, of which their class tells."""
    return True if (getattr(thing, "__doc__", "") or "").startswith("Alias for field number") else None


def write_steps(app: "Sphinx", error: Exception | None) -> None:
    """Write the pages to step through that docs frame: each is `page` as the example above it leaves it."""
    for file in sorted((ROOT / "docs").rglob("*.md")):
        pieces = re.findall(r"```python\n(.*?)```|<iframe [^>]*src=\"(.*?)\"", file.read_text("utf-8"), re.S)
        names: dict[str, Any] = {}
        while any(frame for _, frame in pieces):  # what comes after the last frame need not run
            session, frame = pieces.pop(0)
            if frame:
                (Path(app.outdir) / file.parent.relative_to(ROOT / "docs") / frame).write_text(names["page"], "utf-8")
            else:
                with contextlib.redirect_stdout(io.StringIO()):
                    exec("".join(each.source for each in doctest.DocTestParser().get_examples(session)), names)


def source_page(app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Take from pages of source their links back, of which some are wrong where a module's names stand on two pages."""
    if page.startswith("_modules/"):
        context["body"] = re.sub(r'<a class="viewcode-back".*?</a>', "", context["body"])


def write_math(translator: Any, node: Any) -> None:
    """Write a formula as MathML, which browsers read by themselves."""
    from docutils import nodes
    from latex2mathml.converter import convert

    block = isinstance(node, nodes.math_block)
    formula = convert(node.astext(), display="block" if block else "inline")
    translator.body.append(f'<div class="math">{formula}</div>' if block else formula)
    raise nodes.SkipNode


def setup(app: "Sphinx") -> None:
    """Add the above to Sphinx."""
    app.add_html_math_renderer("mathml", (write_math, None), (write_math, None))
    app.connect("source-read", read_page)
    app.connect("doctree-read", colour_sessions)
    app.connect("autodoc-process-docstring", plain_text)
    app.connect("html-page-context", source_page)
    app.connect("autodoc-skip-member", leave_out)
    app.connect("build-finished", write_steps)
