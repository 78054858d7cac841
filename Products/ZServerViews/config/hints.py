"""Suggestions for unknown names in error messages."""
from __future__ import absolute_import, division, print_function

# How alike two names are, from 0 to 1, of which one is a slip of the other.
ALIKE = 0.75


def did_you_mean(name, known):
    """``; did you mean 'x'?`` for the name that is most like this one, or ''.
    """
    import difflib  # only a mistake needs it
    found = difflib.get_close_matches(str(name), [str(one) for one in known],
                                      1, ALIKE)
    return '; did you mean %r?' % found[0] if found else ''


def suspects(product_config, section_name):
    """Texts about sections that were probably meant for this product.

    ``product_config``
        As Zope has it: {name of a section: its dictionary or its values}.
    ``section_name``
        The name of ours. Typed sections have any name and are left out.
    """
    wanted = _letters(section_name)
    texts = []
    for name in sorted(product_config):
        section = product_config[name]
        if name == section_name or not hasattr(section, 'items'):
            continue
        letters = _letters(name)
        if _is_alike(letters, wanted):
            texts.append('<product-config %s> is not read; did you mean '
                         '<product-config %s>?' % (name, section_name))
            continue
        texts += ['the entry %r of <product-config %s> is not read; does it '
                  'belong in <product-config %s>?'
                  % (str(key), name, section_name)
                  for key, value in sorted(section.items())
                  if 'Products.ZServerViews' in str(value)]
    return texts


def _is_alike(letters, wanted):
    if letters.endswith(wanted):
        return True
    if 'view' not in letters and 'server' not in letters:
        return False  # nearly always
    import difflib
    return difflib.SequenceMatcher(None, wanted, letters).ratio() >= 0.85


def _letters(name):
    return ''.join(sign for sign in name.lower() if sign.isalpha())
