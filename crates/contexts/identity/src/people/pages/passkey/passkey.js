// Lets an authenticator answer the forms that ask for a passkey. Without this script, or where the browser knows no
// passkeys, these forms stay hidden and the others are used.
(() => {
  'use strict';
  if (!window.PublicKeyCredential) return;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const known = (list) => list.map((one) => ({ ...one, id: bytes(one.id) }));

  const create = (options) =>
    navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        user: { ...options.user, id: bytes(options.user.id) },
        excludeCredentials: known(options.excludeCredentials),
      },
    });
  const get = (options) =>
    navigator.credentials.get({
      publicKey: { ...options, challenge: bytes(options.challenge), allowCredentials: known(options.allowCredentials) },
    });

  // The standard's JSON of a credential; not every browser has toJSON yet.
  const encoded = ({ id, rawId, type, response }) => {
    const members = ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle'];
    const found = members.filter((name) => response[name]).map((name) => [name, text(response[name])]);
    const transports = response.getTransports ? { transports: response.getTransports() } : {};
    return JSON.stringify({ id, rawId: text(rawId), type, response: { ...Object.fromEntries(found), ...transports } });
  };

  const perform = async (form) => {
    const answer = await fetch(form.dataset.options, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
    // Whoever must prove anew first is led there.
    if (answer.redirected) return window.location.assign(answer.url);
    if (!answer.ok) throw new Error(`options: ${answer.status}`);
    const options = await answer.json();
    const credential = await (options.rp ? create(options) : get(options));
    form.elements.namedItem('answer').value = encoded(credential);
    form.submit();
  };

  for (const form of document.querySelectorAll('form[data-options]')) {
    const problem = form.querySelector('[role=alert]');
    const button = form.querySelector('button');
    form.hidden = false;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      problem.hidden = true;
      button.disabled = true;
      perform(form).catch(() => {
        problem.hidden = false;
        button.disabled = false;
        button.focus();
      });
    });
  }
})();
