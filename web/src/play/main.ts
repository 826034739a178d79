// One file with three roles: the element on a page, its decoder in a worker, its sound in an audio worklet.
import { LoopyPlayer } from './element';
import { beSound } from './sound-worklet';
import { beDecoder } from './worker';

if ('registerProcessor' in globalThis) beSound();
else if (!('document' in globalThis)) beDecoder();
else if (!customElements.get('loopy-player')) customElements.define('loopy-player', LoopyPlayer);

export { LoopyPlayer };
