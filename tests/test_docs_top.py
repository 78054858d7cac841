"""docs/top.svg is what the program shows."""
from __future__ import absolute_import, division, print_function

import os
import subprocess
import sys
import xml.etree.ElementTree

import pytest

if sys.version_info[0] == 2:  # PY2
    pytest.skip('the picture is made by Python 3', allow_module_level=True)

from tests.docs_examples import ROOT, read

MOST_BYTES = 100 * 1024
TEXT = '{http://www.w3.org/2000/svg}text'


def test_the_recording_is_what_the_program_shows(tmp_path):
    made = tmp_path / 'top.svg'
    subprocess.check_call([sys.executable, '-m', 'tests.top_recording', str(made)],
                          cwd=ROOT)
    assert made.read_text(encoding='utf-8') == read('docs', 'top.svg'), (
        'run "python -m tests.top_recording docs/top.svg"')
    assert made.stat().st_size < MOST_BYTES


def test_it_has_no_script_and_fetches_nothing():
    text = read('docs', 'top.svg')
    assert '<script' not in text and 'href' not in text and 'url(' not in text


def test_what_a_viewer_without_animation_shows():
    picture = xml.etree.ElementTree.parse(os.path.join(ROOT, 'docs', 'top.svg'))
    lines = [group.find(TEXT).text for group in picture.getroot()
             if group.find(TEXT) is not None and group.get('visibility') != 'hidden']
    assert any(line.startswith('stuck') for line in lines)
    assert any('the same line in 4 of 4' in line for line in lines)
