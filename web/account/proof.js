// What the account asks for once more before it does what a session that somebody found open must not be enough for.
const PASSWORD = { name: 'password', label: 'Your password', type: 'password', autocomplete: 'current-password', required: true };
const CODE = { name: 'code', label: 'Code of your app', autocomplete: 'one-time-code', inputmode: 'text', autocapitalize: 'none', maxlength: 64, required: true, hint: 'Or a recovery code.' };

export const codeOf = (hasCodes) => (hasCodes ? [CODE] : []);
export const proofOf = (hasCodes) => [PASSWORD, ...codeOf(hasCodes)];
