"""What a click on a flame graph does, for browsers that run scripts.

It changes only places, widths and texts of boxes that the picture has.
"""
from __future__ import absolute_import, division, print_function

SCRIPT = u"""
(function () {
  'use strict';
  var MARGIN = 10, CHARACTER = 6.7, NARROWEST = 0.4;
  var boxes = [].map.call(document.querySelectorAll('.box'), function (g) {
    var rect = g.querySelector('rect');
    return {g: g, rect: rect, text: g.querySelector('text'),
            title: g.querySelector('title').textContent,
            x: +rect.getAttribute('x'), y: +rect.getAttribute('y'),
            width: +rect.getAttribute('width')};
  });
  if (!boxes.length) { return; }
  var all = boxes[0], search = document.getElementById('search'),
      reset = document.getElementById('reset');
  function label(box, width) {
    var name = box.title.replace(/( \\([^()]*\\))?: [^:]*$/, ''),
        room = Math.floor((width - 4) / CHARACTER);
    if (room < 3) { return ''; }
    return name.length <= room ? name : name.slice(0, room - 3) + '...';
  }
  function zoom(to) {
    var scale = all.width / to.width;
    boxes.forEach(function (box) {
      var x = MARGIN + (box.x - to.x) * scale, width = box.width * scale;
      if (box.y > to.y && box.x <= to.x + 0.1
          && box.x + box.width >= to.x + to.width - 0.1) {
        x = MARGIN; width = all.width;
      }
      var out = x < MARGIN - 0.2 || x > MARGIN + all.width - 0.1
          || x + width > MARGIN + all.width + 1 || width < NARROWEST;
      box.g.style.display = out ? 'none' : '';
      if (out) { return; }
      box.rect.setAttribute('x', x);
      box.rect.setAttribute('width', width);
      box.text.setAttribute('x', x + 2);
      box.text.textContent = label(box, width);
    });
    reset.style.display = to === all ? 'none' : 'inline';
  }
  boxes.forEach(function (box) {
    box.g.addEventListener('click', function () { zoom(box); });
  });
  reset.addEventListener('click', function () { zoom(all); });
  search.style.display = 'inline';
  search.addEventListener('click', function () {
    var words = prompt('A part of a name of a function or a file:');
    if (words === null) { return; }
    words = words.toLowerCase();
    boxes.forEach(function (box) {
      var found = words && box.title.toLowerCase().indexOf(words) >= 0;
      box.g.setAttribute('class', found ? 'box found' : 'box');
    });
  });
}());
"""
