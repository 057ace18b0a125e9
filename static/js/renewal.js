// A form's token belongs to a session. Who logs in or out in another tab has another session, and the forms of this page
// would be refused for ever: the refusal brings the token of the session there is now, and the same words can be sent
// again.

const HEADER = "X-CSRF-Token";

document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  const token = ctx.response?.headers.get(HEADER);
  if (!token) return;
  for (const field of document.querySelectorAll("input[name=csrf_token]")) field.value = token;
  document.body.setAttribute("hx-headers:inherited", JSON.stringify({ [HEADER]: token }));
});
