// A form is sent without leaving its page: a refusal keeps what was typed and stands at its field,
// and nothing is sent twice. Without this script forms work as ever.

const SIGNED_OUT = '登录已过期,尚未提交:请先复制已填内容,重新登录后再提交。';

async function send(form, submitter) {
  const typed = new URLSearchParams(new FormData(form));
  if (submitter && submitter.name) typed.append(submitter.name, submitter.value);
  const to = form.getAttribute('action') || location.href;
  const answer = await fetch(to, { method: 'POST', body: typed });
  if (answer.url.endsWith('/sign-in') && !to.endsWith('/sign-out')) return tell(form, '', SIGNED_OUT);
  if (answer.redirected) return location.assign(answer.url);
  const page = await answer.text();
  const problem = new DOMParser().parseFromString(page, 'text/html').querySelector('[data-problem]');
  if (problem) return tell(form, problem.dataset.problem, words(problem));
  document.open();
  document.write(page);
  document.close();
}

function tell(form, name, says) {
  const field = [...form.querySelectorAll('[name]')].find((one) => one.name === name && one.type !== 'hidden');
  const note = document.createElement('span');
  note.className = `refusal d-block ${field ? 'invalid-feedback' : 'alert alert-warning py-2'}`;
  note.id = `${form.id}-refusal`;
  note.setAttribute('role', 'alert');
  note.textContent = says;
  if (!field) return form.prepend(note);
  field.classList.add('is-invalid');
  field.setAttribute('aria-invalid', 'true');
  field.setAttribute('aria-describedby', note.id);
  field.after(note);
  field.focus();
}

function words(problem) {
  return [...problem.querySelectorAll('h1, .mend')].map((part) => part.textContent.trim()).join('。');
}

function clear(form) {
  form.querySelectorAll('.refusal').forEach((note) => note.remove());
  form.querySelectorAll('.is-invalid').forEach((field) => {
    field.classList.remove('is-invalid');
    field.removeAttribute('aria-invalid');
    field.removeAttribute('aria-describedby');
  });
}

document.addEventListener('submit', async (event) => {
  const form = event.target;
  if (form.getAttribute('method') !== 'post' || !form.querySelector('[name=csrf]')) return;
  event.preventDefault();
  if (form.hasAttribute('aria-busy')) return;
  form.setAttribute('aria-busy', 'true');
  clear(form);
  try {
    await send(form, event.submitter);
  } catch {
    tell(form, '', '网络不通,尚不知道是否已提交:请刷新页面查看结果。');
  }
  form.removeAttribute('aria-busy');
});
