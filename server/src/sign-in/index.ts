export { createConsents } from './flow/consent-store.ts'
export { signInMigrations } from './migrations.ts'
export { type SignInOptions, type SignInPages, createSignInPages } from './sign-in.ts'
