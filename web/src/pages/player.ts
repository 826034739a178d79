// The page `/`: one player, and a form where it has no token.
import { h } from '../play/dom';
import { login, takeToken } from './token';

const place = document.getElementById('place') as HTMLElement;
const mode = new URLSearchParams(location.search).get('mode');

function show(token: string): void {
  const player = h('loopy-player' as 'div', { token, client: 'page', mode: mode ?? undefined });
  player.addEventListener('loopy-auth', (event) => {
    player.remove();
    login((event as CustomEvent<{ why: string }>).detail.why, show);
  });
  place.replaceChildren(player);
  player.focus({ preventScroll: true });
}

const token = takeToken();
if (token) show(token);
else login('', show);
// A link that is pasted into an open page.
addEventListener('hashchange', () => {
  if (location.hash.includes('token=')) show(takeToken());
});
