"""How a reader wants pages to look: chosen without an account, kept in the browser, never more than what is known."""

from tests.accounts.stories import submit


def html_tag(page):
    """The opening tag of the document."""
    text = page.text
    start = text.index("<html")
    return text[start : text.index(">", start)]


def test_what_is_chosen_shows_on_every_page_and_outlives_signing_out(client):
    assert "data-" not in html_tag(client.get("/"))
    answer = submit(
        client, "/look?next=/verify", "/look", next="/verify", colours="dark", contrast="more", size="larger", letters="plain", keys="none"
    )
    assert answer.url.path == "/verify"
    for page in ("/", "/sign-in", "/nowhere"):
        tag = html_tag(client.get(page))
        for shown in ('data-colours="dark"', 'data-contrast="more"', 'data-size="larger"', 'data-letters="plain"', 'data-keys="none"'):
            assert shown in tag, (page, shown)
    chosen = client.get("/look").text
    assert 'value="dark" checked' in chosen


def test_only_known_looks_are_kept_and_the_way_back_stays_on_the_site(client, visit):
    answer = submit(client, "/look", "/look", colours='dark"><script>', size="huge", next="https://elsewhere.example/")
    assert answer.url.path == "/"
    assert "data-" not in html_tag(answer)
    for kept, shown in (("dark.more.large.plain.and.more", 4), ("<b>.more", 1), ("", 0), ("....", 0)):
        other = visit()
        other.cookies.set("look", kept)
        assert html_tag(other.get("/")).count("data-") == shown, kept
