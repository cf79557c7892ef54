"""The check of layouts finds what it is there for, and leaves alone what is meant."""

import pytest

from tests.views.browsing import layout_faults

pytestmark = pytest.mark.browser
STYLE = """<!doctype html><style>
body{margin:0;font:16px/1.5 sans-serif}.box{background:#eee;width:120px}.btn{display:inline-block}
.tiny{display:block;font-size:8px;line-height:9px}
</style>"""
FAULTS = {
    "px wide on a screen": '<div style="width:900px">wide</div>',
    "outside the page": '<div style="overflow:hidden"><p style="margin-inline-start:-80px">left out</p></div>',
    "text is cut off": '<p style="overflow:hidden;white-space:nowrap;width:60px">a sentence that is longer than this</p>',
    "text sticks out of its box": '<p class="box">Donaudampfschifffahrtsgesellschaft</p>',
    "over another": '<button>one button</button><button style="margin-inline-start:-40px">another</button>',
    "too near to another": '<a class="tiny" href="/a">a</a><a class="tiny" href="/b">b</a>',
    "px high under a finger": '<a class="btn" href="/" style="height:30px">Save</a>',
}  # fmt: skip
FINE = (
    '<p>A line with <a href="/a">one</a> and <a href="/b">two</a> links.</p>'
    '<div style="overflow-x:auto"><table style="width:900px"><tr><td>wide</td></tr></table></div>'
    '<p style="overflow:hidden;white-space:nowrap;text-overflow:ellipsis;width:60px">a sentence that is longer than this</p>'
    '<label style="display:block;padding:8px"><input type="checkbox"> A choice</label>'
)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(chromium, fault):
    page = chromium.new_page(viewport={"width": 360, "height": 740})
    page.set_content(STYLE + FAULTS[fault])
    found = layout_faults(page, 360)
    assert any(fault in line for line in found), found


def test_what_is_meant_is_no_fault(chromium):
    page = chromium.new_page(viewport={"width": 360, "height": 740})
    page.set_content(STYLE + FINE)
    assert layout_faults(page, 360) == []
