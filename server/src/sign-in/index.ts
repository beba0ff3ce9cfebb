export { createConsents } from './flow/consent-store.ts'
export { signInMigrations } from './migrations.ts'
export { pagesClientId } from './sessions/sessions.ts'
export { type SignInPages, createSignInPages } from './sign-in.ts'
