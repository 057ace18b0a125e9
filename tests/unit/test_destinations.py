"""Where webhooks may go, as far as it can be told before anything is connected."""

from __future__ import annotations

import pytest

from genapp.destinations import checked_url, is_public
from genapp.errors import Invalid
from genapp.settings import Settings

PUBLIC = ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8"]
NOT_PUBLIC = {
    "this machine": ["127.0.0.1", "127.8.8.8", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"],  # noqa: S104
    "a private network": ["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd00::1", "::ffff:10.0.0.1"],
    "a link": ["169.254.1.1", "fe80::1", "fe80::1%eth0"],
    "a cloud's metadata": ["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"],
    "everybody": ["224.0.0.1", "255.255.255.255", "ff02::1"],
    "another one in disguise": ["64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::", "::7f00:1", "fec0::1"],
    "nobody": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "240.0.0.1", "2001:db8::1"],
    "no address": ["2130706433", "0x7f000001", "127.1", "0177.0.0.1", "", "localhost", "[::1]"],
}


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_may_be_sent_to(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(("whose", "address"), [(whose, one) for whose, all_ in NOT_PUBLIC.items() for one in all_])
def test_any_other_address_may_not(whose: str, address: str) -> None:
    assert not is_public(address), whose


@pytest.mark.parametrize(
    "url", ["https://example.org", "https://a.example:8443/b?c=d&e=%20", "https://[2606:2800::1]/x"]
)
def test_an_address_of_a_server_is_taken_as_it_is(url: str) -> None:
    assert checked_url(f" {url} ", plain=False) == url


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "example.org",
            "//example.org/",
            "ftp://example.org/",
            "file:///etc/passwd",
            "https:///x",
            "https://:443/",
        ),
        *("https://a@b.example/", "https://a:b@b.example/", "https://b.example\\@a.example/", "https://b.example/\\a"),
        *("https://b.exam ple/", "https://b.example/\nx", "https://b.example/\u2028x"),
        *(
            "https://b.example/#x",
            "https://b.example:0/",
            "https://b.example:70000/",
            "https://[::1",
            "https://bücher.example/",
        ),
    ],
)
def test_what_two_programs_could_read_in_two_ways_is_not(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_url(url, plain=False)
    assert refused.value.field == "url"


def test_plain_http_is_for_development_and_for_who_has_allowed_their_own_networks() -> None:
    production = {"GENAPP_ENV": "production", "SECRET_KEY": "k" * 32}
    assert not Settings(**production).plain_webhooks
    assert Settings(**production, GENAPP_WEBHOOKS_PRIVATE="true").plain_webhooks
    assert Settings(GENAPP_ENV="development").plain_webhooks
    assert not Settings(GENAPP_ENV="development").webhooks_private
    with pytest.raises(Invalid, match="plain http"):
        checked_url("http://example.org/", plain=False)
    assert checked_url("http://example.org/", plain=True) == "http://example.org/"
