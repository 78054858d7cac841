"""The style of the status page, for light and dark, for desks and phones.

It has nothing that an address would load, and no ``<``.
"""
from __future__ import absolute_import, division, print_function

STYLE = u'''
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #f6f7f9;
 --card: #fff; --edge: #d0d4da; --quiet: #555d68; --link: #0550ae;
 --good: #1a6b33; --fails: #b3161f; --slow: #8a5300; --bar: #4d82c4;
 --half: #1b4f91; --bad: #c6282f; }
@media (prefers-color-scheme: dark) {
 :root { --ink: #e7ebf0; --paper: #111418; --card: #1a1f25; --edge: #363d46;
 --quiet: #a3adb9; --link: #7cb4ff; --good: #5fd38a; --fails: #ff8a8a;
 --slow: #f2b45a; --bar: #4f86cc; --half: #a8cbf8; --bad: #ff6b6b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: .75rem; color: var(--ink);
 background: var(--paper); font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1rem; margin: 0 0 .4rem; }
p { margin: .2rem 0; } ul { list-style: none; margin: 0; padding: 0; }
small, .quiet { color: var(--quiet); font-size: .85em; }
a { color: var(--link); }
code, pre { font: 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { overflow-x: auto; margin: 0 0 .5rem; overflow-wrap: normal; }
section { background: var(--card); border: 1px solid var(--edge);
 border-radius: 6px; margin: .6rem 0; padding: .6rem .75rem; }
[hidden] { display: none; }
.good { color: var(--good); } .fails { color: var(--fails); }
.warns { color: var(--slow); }
.health .good { color: inherit; } .health b { min-width: 4.5em;
 display: inline-block; }
#notice { background: var(--fails); color: var(--paper); border-radius: 6px;
 font-weight: bold; }
#notice:not(:empty) { padding: .5rem .75rem; }
.dead main { opacity: .75; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr));
 gap: .5rem; margin: 0; }
dt { color: var(--quiet); font-size: .85em; } dd { margin: 0; font-size: 1.25rem;
 font-variant-numeric: tabular-nums; }
dd small, .age { display: inline-block; }
.board { display: grid; gap: .3rem;
 grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); }
.cell { border: 1px solid var(--edge); border-left-width: 5px;
 border-radius: 4px; padding: .15rem .5rem; font-variant-numeric: tabular-nums;
 overflow-wrap: anywhere; }
.works { border-left-color: var(--good); }
.slow { border-left-color: var(--slow); font-weight: bold; }
.stuck { border-left-color: var(--fails); font-weight: bold; }
.slow .age { color: var(--slow); } .stuck .age { color: var(--fails); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; color: var(--quiet); font-size: .85em; }
th, td { padding: .15rem .8rem .15rem 0; vertical-align: top;
 border-bottom: 1px solid var(--edge); }
td { font-variant-numeric: tabular-nums; white-space: nowrap; }
td code { white-space: normal; display: inline-block; min-width: 14rem; }
#minutes { display: grid; gap: .75rem;
 grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); }
figure { margin: 0; } figcaption { font-size: .9em; }
svg { display: block; width: 100%; height: 4.5rem;
 border-bottom: 1px solid var(--edge); }
.bar { fill: var(--bar); } .half { fill: var(--half); }
path.bad { fill: var(--bad); }
@media (max-width: 30rem) { body { padding: .4rem; }
 td { white-space: normal; padding-right: .5rem; }
 td code { min-width: 9rem; }
 pre { white-space: pre-wrap; overflow-wrap: anywhere; } }
'''
