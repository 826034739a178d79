// The page `/obs`: the picture alone, on nothing, for a browser source.
import { h } from '../play/dom';
import { takeToken } from './token';

const asked = new URLSearchParams(location.search);
document.body.append(
  h('loopy-player' as 'div', {
    token: takeToken(),
    client: 'obs',
    bare: true,
    background: 'keep',
    mode: asked.get('mode') ?? undefined,
    fit: asked.get('fit') ?? undefined,
    muted: asked.get('sound') === 'off',
  }),
);
