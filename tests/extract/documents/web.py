# ruff: noqa: E501 (documents as they stand)
"""Web pages and Markdown: struck, hidden and commented text, tables with spans, preformatted."""

from __future__ import annotations

from tests.extract.documents.cases import Case, Told, text

SMITH = Told("smith", "buy coal", "the fire burns")
_SMITH = "As a smith, I want to buy coal so that the fire burns."


def page(body: str, head: str = "") -> str:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"


CASES = (
    Case(
        "html-del.html",
        text(
            page(
                "<p>As a smith, I want to buy <del>wood</del><ins>coal</ins> so that the fire "
                "burns.</p><ul><li>by the sack</li><li><s>by the cart</s></li>"
                '<li><strike>by ship</strike></li><li style="text-decoration: line-through">by '
                "air</li></ul>"
            )
        ),
        (SMITH._replace(criteria=("by the sack",)),),
        said=("struck",),
        kept=("wood", "by the cart", "by ship", "by air"),
    ),
    Case(
        "html-class.html",
        text(
            page(
                f'<p class="a off">As a ghost, I want to haunt.</p><p>{_SMITH}</p><p class="gone">'
                "As a bard, I want a lute.</p>",
                "<style>p.off, .x{display : none !important} .gone{text-decoration-line:"
                "line-through}</style>",
            )
        ),
        (SMITH,),
        said=("hidden", "struck"),
        kept=("ghost", "bard"),
    ),
    Case(
        "html-hidden.html",
        text(
            page(
                f"<p hidden>As a ghost, I want to haunt.</p><p>{_SMITH}</p>"
                '<div style="visibility:hidden">As a bard, I want a lute.</div>'
                "<template>As a mime, I want silence.</template>"
            )
        ),
        (SMITH,),
        said=("hidden",),
        kept=("ghost", "bard"),
        absent=("mime",),
    ),
    Case(
        "html-icons.html",
        text(page(f'<p><span aria-hidden="true">★</span> {_SMITH}</p>')),
        (SMITH,),
    ),
    Case(
        "html-comment-marks.html",
        text(
            page(
                '<p>As a smith, I want to buy coal<sup><a href="#cmnt1" id="cmnt_ref1">[a]</a></sup>'
                ' so that the fire burns.</p><div><p><a href="#cmnt_ref1" id="cmnt1">[a]</a>'
                "<span>As a judge, I want coal banned.</span></p></div>"
            )
        ),
        (SMITH,),
        said=("comment",),
        kept=("judge",),
    ),
    Case(
        "html-rowspan.html",
        text(
            page(
                "<table><tr><th>As a</th><th>I want to</th><th>So that</th></tr>"
                '<tr><td rowspan="2">smith</td><td>buy coal</td><td rowspan=2>the fire burns</td>'
                "</tr><tr><td>sell nails</td></tr><tr><td>baker</td><td>sell buns</td><td>I live"
                "</td></tr></table>"
            )
        ),
        (
            SMITH,
            Told("smith", "sell nails", "the fire burns"),
            Told("baker", "sell buns", "I live"),
        ),
    ),
    Case(
        "html-colspan.html",
        text(
            page(
                '<table><tr><th colspan="3">Wishes</th></tr><tr><th>Key</th><th>As a</th><th>I want'
                '</th></tr><tr><td>S-1</td><td>smith</td><td>coal</td></tr><tr><td colspan="3">'
                "Later</td></tr><tr><td>S-2</td><td>baker</td><td>buns</td></tr></table>"
            )
        ),
        (Told("smith", "coal", key="S-1"), Told("baker", "buns", key="S-2")),
        place="table 1, row 5",
    ),
    Case(
        "html-two-tables.html",
        text(
            page(
                "<table><tr><td>a</td></tr></table><table><tr><th>As a</th><th>I want</th></tr>"
                "<tr><td>smith</td><td>coal</td></tr></table>"
            )
        ),
        (Told("smith", "coal"),),
        place="table 2, row 2",
    ),
    Case(
        "html-pre.html",
        text(
            page(
                f"<pre>{_SMITH}\n\nAs a baker, I want flour\nso that I bake.</pre>"
                "<pre><code>As a coder, I want tabs.</code></pre>"
            )
        ),
        (SMITH, Told("baker", "flour", "I bake")),
        said=("1 line holds story sentences set as code",),
        absent=("coder",),
    ),
    Case(
        "html-soft.html",
        text(
            page(
                "<p>As a photo&shy;grapher, I want to scan&#8203;ner-feed&nbsp;slides so that I "
                "rest.</p>"
            )
        ),
        (Told("photographer", "scanner-feed slides", "I rest"),),
    ),
    Case(
        "html-checkbox.html",
        text(
            page(
                f"<p>{_SMITH}</p><ul><li><input type=checkbox checked> dry coal</li>"
                "<li><input type=checkbox> black coal</li></ul>"
            )
        ),
        (SMITH._replace(criteria=("dry coal", "black coal")),),
    ),
    Case(
        "md-struck.md",
        text(
            "# Forge\n\nAs a smith, I want to buy ~~wood~~ coal so that the fire burns.\n\n"
            "- by the sack\n- ~~by the cart~~\n\n~~As a bard, I want a lute.~~\n\n"
            "As a baker, I want <del>rye</del> flour so that I bake.\n"
        ),
        (SMITH._replace(criteria=("by the sack",)), Told("baker", "flour", "I bake")),
        said=("struck",),
        kept=("wood", "by the cart", "bard", "rye"),
    ),
    Case(
        "md-commented.md",
        text(
            "As a smith, I want to buy coal %% ask Jo %% so that the fire burns.\n\n%%\nAs a bard, I "
            "want a lute.\n%%\n\nAs a baker, I want flour <!-- wheat --> so that I bake.\n\n"
            "Rates rose by 3 %% and 4 %% a year.\n"
        ),
        (SMITH, Told("baker", "flour", "I bake")),
        said=("comment",),
        kept=("ask Jo", "bard", "wheat"),
    ),
    Case(
        "md-tildes.md",
        text(
            "As a smith, I want to buy ~5 sacks in ~2 days so that the fire burns.\n\n"
            "`~~kept~~` stands in code.\n\n~~~\n~~As a bard~~\n~~~\n"
        ),
        (Told("smith", "buy ~5 sacks in ~2 days", "the fire burns"),),
    ),
)
