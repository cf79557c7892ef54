"""People's formatted texts are shown as they meant them and can do no harm."""

import pytest

from lms.kernel.richtext import render


def test_formatting_is_shown():
    html = render("Read **this** and [that](https://example.org).\n\n- one\n- two\n\n~~old~~")
    assert "<strong>this</strong>" in html
    assert '<a href="https://example.org" rel="noopener">that</a>' in html
    assert "<li>one</li>" in html
    assert "<s>old</s>" in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)", "![x](javascript:alert(1))", '[x](https://a.example "\\" onclick=\\"alert(1)")',
        "<a href='vbscript:x'>x</a>", "![x](https://spy.example/pixel.png)", "![x](//spy.example/pixel.png)", "<style>*{}</style>",
    ],
)  # fmt: skip
def test_nothing_in_a_text_can_act(text):
    html = render(text)
    for harm in (
        "<script",
        "<style",
        "<img src=",
        'href="java',
        'href="data',
        'href="vb',
        ' onclick="',
        ' onerror="',
        'src="http',
        'src="//',
    ):
        assert harm.lower() not in html.lower()


def test_html_is_shown_as_typed():
    assert render("1 < 2 <b>x</b>") == "<p>1 &lt; 2 &lt;b&gt;x&lt;/b&gt;</p>\n"


def test_headings_begin_below_the_title_of_the_page():
    assert render("# A\n\n## B\n\nC\n===") == "<h2>A</h2>\n<h3>B</h3>\n<h2>C</h2>\n"
    assert render("### A\n\n#### B") == "<h2>A</h2>\n<h3>B</h3>\n"


def test_tables_keep_their_alignment_without_inline_style():
    html = render("| a | b |\n|---|--:|\n| x | 1 |")
    assert "style" not in html
    assert '<td class="num">1</td>' in html


def test_the_empty_corner_of_a_table_is_no_heading():
    assert render("| | b |\n|---|---|\n| x | 1 |").count("<th>") == 1


def test_pictures_of_this_site_are_shown():
    assert render("![A map](/files/5)") == '<p><img src="/files/5" alt="A map"></p>\n'


def test_a_picture_given_with_the_text_is_named_by_its_number():
    assert render("![A map](picture:5)") == '<p><img src="picture:5" alt="A map"></p>\n'
    for text in ("![x](picture:0)", "![x](picture:a)", "![x](picture:5/../7)", "![x](picture://elsewhere.org)", "[x](picture:5)"):
        assert "picture:" not in render(text)


def test_addresses_in_a_text_do_not_become_links_by_themselves():
    assert "<a" not in render("see www.example.org")
