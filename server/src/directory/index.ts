export type { ApplicationCondition } from './applications/application-list-store.ts'
export type { ApplicationSignInChange } from './applications/application-sign-in-store.ts'
export { createDirectory, type Directory } from './directory.ts'
export type { ExternalPerson, ExternalSignIn } from './external/external-users.ts'
export { type BecomingObstacle, type MayBecome, createMayBecome } from './may-become.ts'
export type { GroupCondition } from './groups/group-store.ts'
export { directoryMigrations } from './migrations.ts'
export type { AuthenticationRecord, AuthenticationRecords } from './people/authentication-records.ts'
export type { UserCondition } from './people/people-store.ts'
export { noPasswordHere } from './people/people.ts'
export {
  DirectoryError,
  type DirectoryRejection,
  NameTakenError,
  denyManaged,
  resourceNotFound,
} from './principals/errors.ts'
export type { DirectoryListener } from './principals/events.ts'
export type { Condition, Page } from './principals/list-page.ts'
export type {
  Application,
  DirectoryPrincipal,
  DirectoryRole,
  ExternalIdentity,
  ManagedIdentity,
  ManagedIdentityKind,
  ServicePrincipal,
  SigningPrincipal,
  Tenant,
  User,
} from './principals/model.ts'
export {
  type ApplicationRecord,
  type DescribedApplication,
  type DescribedServicePrincipal,
  type GroupRecord,
  type ServicePrincipalRecord,
  type UserRecord,
  asUser,
} from './principals/records.ts'
