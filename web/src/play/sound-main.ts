// One file with two roles: the sound of a page, and the worklet that plays it. Loaded when sound is first wanted.
import { Sound } from './sound';
import { beSound } from './sound-worklet';

if ('registerProcessor' in globalThis) beSound();

export { Sound };
