"""Terraform's built-in functions, as pulumi-std has them."""

from __future__ import annotations

import ipaddress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lychgate.sources.program.std_functions import PURE, cidrsubnet, cidrsubnets

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("base64encode", {"input": "héllo"}, "aMOpbGxv"),
        ("base64decode", {"input": "aMOpbGxv"}, "héllo"),
        ("sha256", {"input": ""}, EMPTY),
        ("base64sha256", {"input": ""}, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        ("md5", {"input": "a"}, "0cc175b9c0f1b6a831c399e269772661"),
        ("jsonencode", {"input": {"b": [1, None, True], "a": "<>"}}, '{"a":"\\u003c\\u003e","b":[1,null,true]}'),
        ("jsondecode", {"input": '{"a": [1]}'}, {"a": [1]}),
        ("join", {"separator": "-", "input": ["a", "b"]}, "a-b"),
        ("split", {"separator": ",", "text": "a,,b"}, ["a", "", "b"]),
        ("format", {"input": "%s-%03d-%v%%", "args": ["x", 7, True]}, "x-007-true%"),
        ("replace", {"text": "a.b.c", "search": ".", "replace": "-"}, "a-b-c"),
        ("trim", {"input": "?!a?", "cutset": "!?"}, "a"),
        ("trimprefix", {"input": "aab", "prefix": "a"}, "ab"),
        ("trimsuffix", {"input": "abb", "suffix": "b"}, "ab"),
        ("trimspace", {"input": " a\n"}, "a"),
        ("chomp", {"input": "a\r\n\n"}, "a"),
        ("startswith", {"input": "ab", "prefix": "a"}, True),
        ("endswith", {"input": "ab", "suffix": "a"}, False),
        ("upper", {"input": "aé"}, "AÉ"),
        ("urlencode", {"input": "a b/ü~"}, "a+b%2F%C3%BC~"),
        ("concat", {"input": [["a"], ["b", 1]]}, ["a", "b", 1]),
        ("compact", {"input": ["a", "", None, "b"]}, ["a", "b"]),
        ("distinct", {"input": ["b", "a", "b", "c", "a"]}, ["b", "a", "c"]),
        ("contains", {"input": ["a"], "element": "a"}, True),
        ("element", {"input": ["a", "b", "c"], "index": 4}, "b"),
        ("index", {"input": ["a", "b"], "element": "b"}, 1),
        ("slice", {"list": [1, 2, 3, 4], "from": 1, "to": -1}, [2, 3]),
        ("slice", {"list": [1, 2]}, [1, 2]),
        ("flatten", {"input": [[1, [2]], 3, []]}, [1, 2, 3]),
        ("reverse", {"input": [1, 2]}, [2, 1]),
        ("sort", {"input": ["b", "a"]}, ["a", "b"]),
        ("keys", {"input": {"b": 1, "a": 2}}, ["a", "b"]),
        ("values", {"input": {"b": 1, "a": 2}}, [2, 1]),
        ("merge", {"input": [{"a": 1, "b": 1}, {"b": 2}]}, {"a": 1, "b": 2}),
        ("lookup", {"map": {"a": 1}, "key": "a", "default": 2}, 1),
        ("lookup", {"map": {}, "key": "a", "default": 2}, 2),
        ("zipmap", {"keys": ["a"], "values": [1]}, {"a": 1}),
        ("length", {"input": "é"}, 2),
        ("length", {"input": [1, 2, 3]}, 3),
        ("max", {"input": [1, 3, 2]}, 3),
        ("cidrhost", {"input": "10.0.0.0/8", "host": -2}, "10.255.255.254"),
        ("cidrhost", {"input": "10.12.127.0/20", "host": 268}, "10.12.113.12"),
        ("cidrnetmask", {"input": "172.16.0.0/12"}, "255.240.0.0"),
        ("cidrsubnet", {"input": "10.0.0.0/8", "newbits": 8, "netnum": 2}, "10.2.0.0/16"),
        ("cidrsubnet", {"input": "2607:f298:6051::/64", "newbits": 8, "netnum": 2}, "2607:f298:6051:0:200::/72"),
        ("cidrsubnet", {"input": "10.0.0.0/16", "newbits": 8, "netnum": -1}, "10.0.255.0/24"),
        ("cidrsubnets", {"input": "10.1.0.0/16", "newbits": [4, 4, 8, 4]},
         ["10.1.0.0/20", "10.1.16.0/20", "10.1.32.0/24", "10.1.48.0/20"]),
    ],
)  # fmt: skip
def test_a_value(name: str, arguments: dict[str, Any], expected: Any) -> None:
    assert PURE[name](arguments) == expected


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("base64decode", {"input": "*"}),
        ("base64decode", {"input": "/w=="}),
        ("cidrsubnet", {"input": "10.0.0.0/8", "newbits": 25, "netnum": 0}),
        ("cidrsubnet", {"input": "10.0.0.0/8", "newbits": 10**12, "netnum": 0}),
        ("cidrsubnet", {"input": "10.0.0.0/8", "newbits": 2, "netnum": 4}),
        ("cidrsubnet", {"input": "ten", "newbits": 2, "netnum": 4}),
        ("cidrsubnets", {"input": "10.0.0.0/30", "newbits": [1, 1, 1]}),
        ("cidrsubnets", {"input": "10.0.0.0/8", "newbits": [0]}),
        ("cidrhost", {"input": "10.0.0.0/30", "host": 4}),
        ("cidrnetmask", {"input": "::/0"}),
        ("element", {"input": [], "index": 0}),
        ("format", {"input": "%d", "args": ["x"]}),
        ("format", {"input": "%s"}),
        ("format", {"input": "x", "args": [1]}),
        ("format", {"input": "%9999999d", "args": [1]}),
        ("index", {"input": ["a"], "element": "b"}),
        ("jsondecode", {"input": "{"}),
        ("lookup", {"map": {}, "key": "a"}),
        ("max", {"input": []}),
        ("replace", {"text": "a", "search": "/a/", "replace": "b"}),
        ("replace", {"text": "a" * 2000, "search": "a", "replace": "b" * 2000}),
        ("slice", {"list": [1], "from": 2}),
        ("zipmap", {"keys": ["a"], "values": []}),
    ],
)
def test_a_refusal(name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        PURE[name](arguments)


@given(st.integers(0, 24), st.integers(1, 8), st.data())
def test_a_subnet_is_the_one_that_python_counts(length: int, newbits: int, data: st.DataObject) -> None:
    network = ipaddress.ip_network((data.draw(st.integers(0, 2**32 - 1)), length), strict=False)
    number = data.draw(st.integers(0, 2**newbits - 1))
    subnets = list(network.subnets(prefixlen_diff=newbits))
    assert cidrsubnet(str(network), newbits, number) == str(subnets[number])
    assert cidrsubnet(str(network), newbits, number - 2**newbits) == str(subnets[number])


@given(st.lists(st.integers(1, 8), max_size=12))
def test_consecutive_subnets_lie_inside_and_apart(newbits: list[int]) -> None:
    whole = ipaddress.IPv4Network("10.0.0.0/16")
    try:
        found = [ipaddress.IPv4Network(text) for text in cidrsubnets("10.0.0.0/16", newbits)]
    except ValueError:
        assert sum(2.0**-bits for bits in newbits) > 0.25
        return
    assert [one.prefixlen - 16 for one in found] == newbits
    assert all(one.subnet_of(whole) for one in found)
    assert all(one.broadcast_address < other.network_address for one, other in pairwise(found))
