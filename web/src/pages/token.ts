// The token of a page: from the address once, then from the session; never left in the address or in the history.

const NAME = 'loopy-token';

export function takeToken(): string {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given !== null) {
    keepToken(given);
    history.replaceState(null, '', location.pathname + location.search);
    return given;
  }
  try {
    return sessionStorage.getItem(NAME) ?? '';
  } catch {
    return '';
  }
}

export function keepToken(token: string): void {
  try {
    sessionStorage.setItem(NAME, token);
  } catch {
    // A page without storage asks again after a reload.
  }
}

/** Shows the page's login form and calls back with what was entered. */
export function login(why: string, enter: (token: string) => void): void {
  const box = document.getElementById('login') as HTMLElement;
  const form = box.querySelector('form') as HTMLFormElement;
  const input = form.querySelector('input') as HTMLInputElement;
  (box.querySelector('[role=alert]') as HTMLElement).textContent = why;
  box.hidden = false;
  input.focus();
  form.onsubmit = (event) => {
    event.preventDefault();
    const token = input.value.trim();
    if (!token) return;
    input.value = '';
    box.hidden = true;
    keepToken(token);
    enter(token);
  };
}
