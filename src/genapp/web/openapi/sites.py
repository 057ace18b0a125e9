"""Sites that embed this one, as the document tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genapp.models.site import NAME_CHARACTERS
from genapp.web.embed import sites
from genapp.web.openapi.writing import (
    NOTHING_TO_SAY,
    WORDS,
    Area,
    Operation,
    Piece,
    answer,
    array,
    body,
    empty,
    one_of,
    record,
    ref,
    string,
    text,
    uuid,
)

if TYPE_CHECKING:
    from genapp.settings import Settings

TAG = "sites"


def area(settings: Settings) -> Area:
    """All of it; `settings` change nothing here."""
    origins = text("Origins of its pages, such as https://shop.example, divided by spaces; 20 at most.")
    shown = "The site with its secret, which is shown this once."
    operations = {
        sites.show: Operation("list_sites", TAG, "The sites of an account", {200: answer("All.", ref("Sites"))}),
        sites.make: Operation(
            "make_site",
            TAG,
            "Let a site's pages embed this one",
            {201: answer(shown, ref("SiteSecret"))},
            "Its server signs tokens with the secret, for its own users.",
            body=body(
                {"name": text("To know it by.", pattern=WORDS, maxLength=NAME_CHARACTERS), "origins": origins},
                required=("name", "origins"),
                example={"name": "shop", "origins": "https://shop.example https://www.shop.example"},
            ),
        ),
        sites.rotate: Operation(
            "rotate_site_secret",
            TAG,
            "Give a site another secret",
            {200: answer(shown, ref("SiteSecret"))},
            "What was signed with the old one opens nothing any more.",
            body=NOTHING_TO_SAY,
        ),
        sites.change_origins: Operation(
            "change_site_origins",
            TAG,
            "Say anew which pages may embed",
            {204: empty("They hold from now on.")},
            body=body({"origins": origins}, required=("origins",), example={"origins": "https://shop.example"}),
        ),
        sites.disable: Operation(
            "disable_site", TAG, "Let no visitor of a site in", {204: empty("It is so.")}, body=NOTHING_TO_SAY
        ),
        sites.enable: Operation(
            "enable_site", TAG, "Let the visitors of a site in again", {204: empty("It is so.")}, body=NOTHING_TO_SAY
        ),
        sites.delete: Operation(
            "delete_site",
            TAG,
            "Delete a site with everything of its visitors",
            {204: empty("Nothing of it is left.")},
            body=body(
                {"confirm": one_of(["yes"], "It cannot be undone.")}, required=("confirm",), example={"confirm": "yes"}
            ),
        ),
    }
    return Area(operations, SCHEMAS)


_SITE: Piece = {
    "id": uuid("What tokens name it by, as `kid`."),
    "name": string(maxLength=NAME_CHARACTERS),
    "origins": array(string()),
    "enabled": {"type": "boolean"},
}
SCHEMAS: dict[str, Piece] = {
    "Sites": record({"sites": array(record(_SITE))}),
    "SiteSecret": record({**_SITE, "secret": string("What its server signs tokens with.", pattern="^embed_")}),
}
