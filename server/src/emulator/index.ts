export { type AuthorityOptions, type EmulatorAuthority, openAuthority } from './authority/authority.ts'
