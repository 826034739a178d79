'use strict';
(() => {
  const data = JSON.parse(document.getElementById('walk').textContent);
  const film = document.getElementById('film');
  const pointed = document.getElementById('pointed');
  const told = document.createElement('div');
  told.id = 'told';
  told.hidden = true;
  document.body.append(told);
  for (const words of document.querySelectorAll('.scripted')) words.hidden = false;

  const time = frame => {
    const tenths = Math.round(frame * 10 / data.fps);
    const pad = number => String(number).padStart(2, '0');
    const seconds = Math.floor(tenths / 10), minutes = Math.floor(seconds / 60);
    const hours = Math.floor(minutes / 60);
    return (hours ? hours + ':' + pad(minutes % 60) : minutes) + ':' + pad(seconds % 60) + '.' + tenths % 10;
  };

  // The visit that shows an output frame, or the one before its bridge.
  const at = frame => {
    let low = 0, high = data.visits.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (data.visits[middle][1] <= frame) low = middle; else high = middle;
    }
    return low;
  };

  const words = index => {
    const [clip, start, frames, first, last] = data.visits[index];
    const state = data.states[clip], joint = data.joints[index];
    let then = joint ? '; then ' + joint[0] : '; the end';
    if (joint && joint[1]) then += ' of ' + joint[1] + ' frames';
    return 'Visit ' + (index + 1) + ' of ' + data.visits.length + ': ' + data.names[clip]
      + ', ' + time(start) + ' to ' + time(start + frames)
      + ', source frames ' + first + ' to ' + last
      + ', scene ' + data.scenes[clip] + (state ? ', ' + state : '') + then;
  };

  const tell = (text, x, y) => {
    told.textContent = text;
    told.hidden = false;
    const wide = told.offsetWidth, high = told.offsetHeight;
    told.style.left = Math.max(8, Math.min(x - wide / 2, document.documentElement.clientWidth - wide - 8)) + 'px';
    told.style.top = (y > high + 16 ? y - high - 12 : y + 28) + 'px';
  };

  let here = -1;
  const show = (index, x, y) => {
    here = index;
    const [, start, frames] = data.visits[index];
    let path = '';
    for (let row = Math.floor(start / data.row); row <= Math.floor((start + frames - 1) / data.row); row++) {
      const from = Math.max(start, row * data.row) - row * data.row;
      const until = Math.min(start + frames, (row + 1) * data.row) - row * data.row;
      path += 'M' + from * 1000 / data.row + ' ' + row * data.pitch + 'h' + (until - from) * 1000 / data.row
        + 'v' + data.high + 'h' + (from - until) * 1000 / data.row + 'z';
    }
    pointed.setAttribute('d', path);
    tell(words(index), x, y);
    film.setAttribute('aria-valuenow', index + 1);
    film.setAttribute('aria-valuetext', told.textContent);
  };
  const hide = () => {
    told.hidden = true;
    pointed.setAttribute('d', '');
  };

  if (data.visits.length) {
    film.tabIndex = 0;
    film.setAttribute('role', 'slider');
    film.setAttribute('aria-label', film.dataset.words);
    film.setAttribute('aria-valuemin', 1);
    film.setAttribute('aria-valuemax', data.visits.length);
    film.setAttribute('aria-valuenow', 1);
    film.setAttribute('aria-valuetext', words(0));
    const point = event => {
      const box = film.getBoundingClientRect();
      const row = Math.floor((event.clientY - box.top) / data.pitch);
      const frame = row * data.row + Math.floor((event.clientX - box.left) / box.width * data.row);
      if (row < 0 || row >= data.rows || frame < 0 || frame >= data.frames) hide();
      else show(at(frame), event.clientX, event.clientY);
    };
    film.addEventListener('pointermove', point);
    film.addEventListener('pointerdown', point);
    film.addEventListener('pointerleave', event => { if (event.pointerType === 'mouse') hide(); });
    film.addEventListener('blur', hide);
    document.addEventListener('keydown', event => { if (event.key === 'Escape') hide(); });
    film.addEventListener('keydown', event => {
      const last = data.visits.length - 1;
      const to = {
        ArrowRight: here + 1, ArrowDown: here + 1, ArrowLeft: here - 1, ArrowUp: here - 1,
        PageDown: here + 20, PageUp: here - 20, Home: 0, End: last,
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const index = Math.max(0, Math.min(last, to));
      const start = data.visits[index][1], row = Math.floor(start / data.row);
      const rows = film.parentElement, top = row * data.pitch;
      if (top < rows.scrollTop || top + data.pitch > rows.scrollTop + rows.clientHeight)
        rows.scrollTop = top - rows.clientHeight / 2;
      const box = film.getBoundingClientRect();
      show(index, box.left + (start % data.row) / data.row * box.width, box.top + row * data.pitch);
    });
  }

  // Where nothing hovers, a tap tells what a pointer would be told.
  for (const part of document.querySelectorAll('.ring [data-clip], .ring .links path, .bars g')) {
    part.addEventListener('pointerdown', event => {
      if (event.pointerType !== 'mouse') tell(part.querySelector('title').textContent, event.clientX, event.clientY);
    });
  }
  document.addEventListener('pointerdown', event => {
    if (!event.target.closest('#film, .ring, .bars')) hide();
  });

  // A clip of the graph that is pointed at shows its joints alone.
  const ring = document.querySelector('.ring');
  if (ring) {
    const near = clip => {
      ring.classList.toggle('some', clip !== null);
      for (const link of ring.querySelectorAll('.links path'))
        link.classList.toggle('near', clip !== null && (link.dataset.from === clip || link.dataset.to === clip));
    };
    for (const node of ring.querySelectorAll('[data-clip]')) {
      node.addEventListener('pointerenter', () => near(node.dataset.clip));
      node.addEventListener('pointerleave', () => near(null));
    }
  }
})();
