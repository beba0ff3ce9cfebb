/**
 * The relevance of a column to authority: `alone` can be revoked separately, `row` is relevant and ends with its row,
 * `tells` is not relevant.
 */
export type Meaning = 'alone' | 'row' | 'tells'

type Columns = Readonly<Partial<Record<Meaning, string>>> & {
  /** Why no row of the table is ever removed while a principal depends on it. */
  readonly stays?: string
}

/**
 * Every table that contains authority, and the relevance of each column. The members of a JSON text are named after a
 * dot.
 */
// prettier-ignore
const tables: Readonly<Record<string, Columns>> = {
  // resources
  registry: {
    alone: 'properties.adminUserEnabled properties.anonymousPullEnabled properties.roleAssignmentMode properties.tokenGeneration properties.publicNetworkAccess properties.networkRuleSet properties.workloadTokenAudiences properties.policies.azureADAuthenticationAsArmPolicy',
    row: 'rid subscription_id resource_group_key name_key login_server',
    tells: 'resource_group name has_public_host properties.sku properties.tags properties.location properties.createdAtMs properties.createdBy properties.changedAtMs properties.changedBy properties.networkRuleBypassOptions properties.dataEndpointEnabled properties.zoneRedundancy properties.ownCompatibility properties.policies.quarantinePolicy properties.policies.trustPolicy properties.policies.retentionPolicy properties.policies.exportPolicy properties.policies.softDeletePolicy',
  },
  admin_password: { alone: 'generation hash sealed', row: 'rid name' },
  repository: { row: 'id rid name', tells: 'created_at_ms updated_at_ms published_at_ms manifest_count tag_count predecessor_deletion delete_enabled write_enabled list_enabled read_enabled description last_push_ms pushed_by_kind pushed_by_id pushed_by_name' },
  // access
  role_assignment: { alone: 'condition', row: 'scope_key name scope role_definition_name principal_id principal_type condition_version', tells: 'created_at_ms created_by description updated_at_ms updated_by' },
  role_definition: { alone: 'permissions.actions permissions.notActions permissions.dataActions permissions.notDataActions', row: 'name role_name_key assignable_scopes', tells: 'role_name description created_at_ms created_by updated_at_ms updated_by', stays: 'a role that somebody has can neither be deleted nor be taken from its scopes' },
  scope_map: { alone: 'actions', row: 'rid name_key', tells: 'name description authorship' },
  scoped_token: { alone: 'enabled scope_map_key scope_map_id', row: 'id rid name_key', tells: 'name authorship' },
  scoped_token_password: { row: 'id token_id name hash expires_at_ms', tells: 'created_at_ms' },
  anonymous_access: { alone: 'scope_map_key scope_map_id', row: 'rid', tells: 'authorship' },
  // directory
  application: { row: 'object_id app_id', tells: 'display_name display_name_key created_at_ms' },
  application_owner: { row: 'application_id owner_id' },
  client_secret: { row: 'id holder_id app_id secret_hash starts_at_ms expires_at_ms', tells: 'display_name hint created_at_ms' },
  client_certificate: { row: 'id holder_id app_id key_id starts_at_ms expires_at_ms der', tells: 'display_name thumbprint' },
  federated_credential: { alone: 'credential_id issuer audience subject claims_expression trust_key trust_text', row: 'id holder_id app_id', tells: 'name name_key description created_at_ms' },
  service_principal: { alone: 'enabled directory_role', row: 'object_id app_id application_id', tells: 'created_at_ms assignment_required' },
  external_principal: { row: 'object_id tenant_id kind credential_id', tells: 'created_at_ms' },
  managed_identity: { row: 'object_id kind subscription_id resource_group_key name_key', tells: 'resource_group name location tags created_at_ms' },
  machine_credential: { row: 'id machine_id identity_id' },
  machine_key: { alone: 'key_id public_key', row: 'machine_id', tells: 'enrolled_at_ms' },
  one_time_code: { alone: 'code_hash expires_at_ms', row: 'kind holder_id created_by', tells: 'created_at_ms', stays: 'it ends with its holder, and with another in its place' },
  directory_user: { alone: 'password_hash enabled directory_role must_change_password proof_revision', row: 'object_id user_principal_name_key external', tells: 'user_principal_name display_name display_name_key created_at_ms mail mail_nickname password_changed_at_ms' },
  sign_in: { row: 'id object_id client_id methods expires_at_ms created_at_ms', tells: 'authenticated_at_ms last_used_at_ms remote_address user_agent' },
  totp: { row: 'object_id sealed_secret confirmed last_step failures failures_since_ms failures_in_row', tells: 'created_at_ms' },
  recovery_code: { row: 'object_id code_hash' },
  signing_key: { row: 'purpose kid public_jwk sealed_private_jwk verifies_until_ms', tells: 'created_at_ms' },
  group_owner: { row: 'group_id owner_id' },
  group_member: { row: 'group_id member_id member_kind' },
  directory_group: { row: 'object_id', tells: 'display_name display_name_key description mail_nickname mail_nickname_key created_at_ms' },
}

/** The columns whose JSON text is examined. */
export const withinJson: ReadonlySet<string> = new Set([
  'registry.properties',
  'registry.properties.policies',
  'role_definition.permissions',
])

function meaningsOf(columns: Columns): Readonly<Record<string, Meaning>> {
  const { stays: _, ...named } = columns
  const meanings = Object.entries(named) as [Meaning, string][]
  return Object.fromEntries(meanings.flatMap(([meaning, names]) => names.split(' ').map((name) => [name, meaning])))
}

/** The meaning of each column, by table. */
export const columns: Readonly<Record<string, Readonly<Record<string, Meaning>>>> = Object.fromEntries(
  Object.entries(tables).map(([table, named]) => [table, meaningsOf(named)]),
)

/** The tables whose rows are never removed while a principal depends on them. */
export const staying: readonly string[] = Object.entries(tables).flatMap(([table, { stays }]) => (stays ? [table] : []))

/** Tables that contain authority as well, and the test beside the code, or in a browser, that revokes it. */
// prettier-ignore
export const takenElsewhere: Readonly<Record<string, readonly [file: string, title: string]>> = {
  application_sign_in: ['server/src/identity/provider/registered-clients.test.ts', 'the tokens of an application end when it is disabled or its redirect URI is removed'],
  user_consent:        ['server/src/sign-in/flow/consent-store.test.ts', 'is deleted with the person or the application'],
  browser_session:     ['server/src/sign-in/sessions/sessions.test.ts', 'the session gets a new id at each sign-in and sign-out, and the old id is invalid'],
  browser_account:     ['server/src/sign-in/sessions/sessions.test.ts', 'a session ends when its user is disabled or deleted, or gets a new password'],
  portal_session:      ['server/src/compose/portal-sessions.test.ts', 'a session is denied from the next request on after the sign-in, the user or the session ends'],
  handle:              ['server/src/identity/grants/handles.test.ts', 'a used or expired handle is neither changed nor extended'],
  passkey:             ['test/browser/passkeys.test.ts', 'a person adds a passkey, signs in with it alone and as a second factor, and removes it'],
  external_identity:   ['server/src/graph/people/external-identities.test.ts', 'end sign-ins and group memberships when they are removed'],
  external_group:      ['server/src/credentials/sign-ins/external-users.test.ts', 'replace those of the previous sign-in immediately'],
  upload:              ['test/rights/push-in-progress.test.ts', 'an upload of one principal is closed to another that may push too'],
}

/** The tests of what rows of a table in `tables` grant in addition: a link is a one-time code that signs in. */
export const takenElsewhereToo: readonly (readonly [file: string, title: string])[] = [
  [
    'server/src/sign-in/authentication/one-time-link.test.ts',
    'a sign-in that began with a link ends when the link is withdrawn or replaced',
  ],
]

/** Tables that grant nothing, and their purpose. */
// prettier-ignore
export const without: Readonly<Record<string, string>> = {
  ...named('what there is to read', 'blob manifest manifest_reference attached_report tag repository_blob deleted_tag registry_blob repository_usage registry_usage_part'),
  ...named('what tells that something is no more', 'deleted_registry deleted_repository deleted_manifest repository_deletions repository_tombstone'),
  ...named('what tells people what happened to their accounts', 'security_event'),
  ...named('what was counted, and when', 'registry_activity last_pull repository_pull repository_day'),
  ...named('what happened to tags', 'tag_change'),
  ...named('the audit log', 'audit_block audit_event audit_head audit_webhook credential_use'),
  ...named('where something is', 'tenant subscription resource_group application_uri'),
  ...named('what holds somebody off', 'quota known_network password_failure password_guess used_challenge used_assertion'),
  ...named('what is under way', 'import_operation scrub content_report upstream_transaction'),
  ...named('the certificates of an ACME provider, and the account there', 'acme_account acme_certificate acme_challenge acme_failure'),
  ...named('the server processes, and which of them runs the jobs', 'server_process process_claim'),
  ...named('what the first start of an installation creates', 'installation data_key certificate_authority'),
  ...named('the database itself', 'schema_migration'),
}

function named(what: string, names: string): Readonly<Record<string, string>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, what]))
}
