import type { Line } from './line.ts'

const unknownId = '11111111-1111-4111-8111-111111111111'

/** The generic options of `update` commands. */
export const updateLines: readonly Line[] = [
  { line: 'acr create -n {own}gen -g {group} --sku Basic', creates: true },
  { line: 'acr update -n {own}gen --set adminUserEnabled=true tags.team=app', creates: true },
  { line: 'acr update -n {own}gen --set sku.name=Premium --admin-enabled false', creates: true },
  {
    line: `acr update -n {own}gen --set 'policies={"retentionPolicy":{"days":3,"status":"enabled"}}'`,
    creates: true,
  },
  { line: `acr update -n {own}gen --set 'tags={"count":"1"}' --remove sku`, creates: true },
  {
    line: 'acr update -n {own}gen --set policies.retentionPolicy.days=1',
    code: 1,
    says: /Couldn't find 'retentionPolicy' in 'policies/,
  },
  { line: 'acr update -n {own}gen --set =1', code: 1, says: /Empty key in --set/ },
  { line: 'acr update -n {own}gen --add nothing x', code: 1, says: /Couldn't find 'nothing' in ''/ },
  { line: 'acr update -n {own}gen --remove tags 0', code: 1, says: /tags doesn't exist/ },
  { line: 'acr update -n {own}gen --set', code: 2, says: /--set/ },
  { line: 'acr delete -n {own}gen -y' },
  { line: 'ad app update --id {appId} --set isFallbackPublicClient=true' },
  {
    line: 'ad app update --id {appId} --display-name content --set api.requestedAccessTokenVersion=2',
    code: 1,
    says: /Couldn't find 'api'/,
  },
  { line: 'ad app update --id {appId} --add identifierUris x', code: 1, says: /Couldn't find 'identifierUris'/ },
  { line: 'ad app show --id {appId} --query isFallbackPublicClient' },
  { line: 'ad sp update --id {appId} --set accountEnabled=true' },
  { line: 'ad sp update --id {appId} --remove tags', code: 1, says: /Couldn't find 'tags'/ },
  { line: `ad sp update --id ${unknownId} --set accountEnabled=true`, code: 1, says: /does not exist/ },
]

/** The commands that create certificates, and print what the SDKs read. */
export const certificateLines: readonly Line[] = [
  { line: 'ad sp create-for-rbac -n {own}cert --cert {certificate}', creates: true },
  { line: 'ad sp create-for-rbac -n {own}made --create-cert --query length(fileWithCertAndPrivateKey)', creates: true },
  { line: 'ad sp create-for-rbac -n {own}cert --cert nothings', code: 1, says: /usage error: --cert STRING/i },
  {
    line: 'ad sp create-for-rbac -n {own}cert --cert {certificate} --create-cert',
    code: 1,
    says: /usage error: --cert STRING/i,
  },
  { line: 'ad app credential reset --id {appId} --cert {certificate}' },
  { line: 'ad app credential list --id {appId} --cert' },
  { line: 'ad app credential reset --id {appId} --keyvault nothing --cert own --append', code: 1, says: /refused/ },
  {
    line: 'ad sp credential reset --id {appId} --keyvault nothing --create-cert --cert own --append',
    code: 1,
    says: /refused/,
  },
  { line: 'ad sp create-for-rbac -n {own}vault --keyvault nothing --cert own', code: 1, says: /refused/ },
  {
    line: 'ad sp create-for-rbac -n {own}vault --keyvault nothing',
    code: 1,
    says: /--create-cert \[--keyvault VAULT --cert NAME\]/,
  },
  {
    line: 'ad sp create-for-rbac -n {own}vault --keyvault nothing --create-cert',
    code: 1,
    says: /--create-cert \[--keyvault VAULT --cert NAME\]/,
  },
  { line: 'ad app list --display-name {own}vault' },
  { line: 'ad app credential reset --id {appId} --cert nothings', code: 1, says: /usage error: --cert STRING/i },
  { line: 'ad sp credential reset --id {appId} --create-cert --query appId' },
]

/** The commands for owners and permissions of applications, and for federated credentials of managed identities. */
export const ownerLines: readonly Line[] = [
  { line: 'ad app owner add --id {appId} --owner-object-id {objectId}' },
  { line: 'ad app owner add --id {appId} --owner-object-id {objectId}' },
  { line: 'ad app owner list --id {appId}' },
  { line: 'ad sp owner list --id {appId}' },
  { line: `ad app owner add --id {appId} --owner-object-id ${unknownId}`, code: 1, says: /does not exist/ },
  { line: 'ad app owner add --id {appId}', code: 2, says: /--owner-object-id/ },
  { line: `ad app owner list --id ${unknownId}`, code: 1, says: /does not exist/ },
  { line: `ad app owner remove --id {appId} --owner-object-id ${unknownId}`, code: 1, says: /does not exist/ },
  { line: 'ad app permission list --id {appId}' },
  { line: `ad app permission list --id ${unknownId}`, code: 1, says: /does not exist/ },
  {
    line: `ad app permission add --id {appId} --api ${unknownId} --api-permissions ${unknownId}=Scope`,
    code: 1,
    says: /requiredResourceAccess/,
  },
  {
    line: `ad app permission add --id {appId} --api ${unknownId} --api-permissions ${unknownId}`,
    code: 1,
    says: /Please provide both permission id and type/,
  },
  { line: 'ad app permission add --id {appId}', code: 2, says: /--api/ },
  { line: `ad app permission delete --id {appId} --api ${unknownId}` },
  { line: `ad app permission delete --id ${unknownId} --api ${unknownId}`, code: 1, says: /does not exist/ },
  {
    line: 'ad app permission admin-consent --id {appId}',
    code: 1,
    says: /not yet supported on sovereign clouds/,
  },
  { line: 'ad app permission admin-consent', code: 2, says: /--id/ },
  { line: 'ad app permission list-grants' },
  { line: 'ad app permission list-grants --id {appId} --show-resource-name' },
  { line: 'ad app permission list-grants --id {appId} --filter x', code: 1, says: /use one of/ },
  {
    line: 'ad app permission grant --id {appId} --api {appId} --scope openid',
    code: 1,
    says: /Resource not found for the segment/,
  },
  {
    line: 'ad app permission grant --id {appId} --api nothing --scope openid',
    code: 1,
    says: /'nothing' doesn't exist/,
  },
  { line: 'ad app update --id {appId} --key-value {certificate} --key-display-name main' },
  { line: 'ad app show --id {appId} --query keyCredentials[0].displayName' },
  { line: 'ad app update --id {appId} --key-value {certificate} --key-type rsa', code: 2, says: /rsa/ },
  { line: `ad app update --id {appId} --app-roles '[{"displayName":"Reader"}]'`, code: 1, says: /appRoles/ },
  { line: `ad app update --id {appId} --optional-claims '{"idToken":[]}'`, code: 1, says: /optionalClaims/ },
  { line: "ad app update --id {appId} --optional-claims '{\"id'", code: 1, says: /Failed to parse string as JSON/ },
  {
    line: `ad app create --display-name {own}more --required-resource-accesses '[{"resourceAppId":"${unknownId}","resourceAccess":[]}]'`,
    code: 1,
    says: /requiredResourceAccess/,
  },
  { line: 'identity create -g {group} -n {own}fic', creates: true },
  {
    line: 'identity federated-credential create -g {group} --identity-name {own}fic -n {own}-main --issuer https://issuer.example.com --subject {own} --audiences api://AzureADTokenExchange',
    creates: true,
  },
  {
    line: 'identity federated-credential create -g {group} --identity-name {own}fic -n {own}-two --subject {own}',
    code: 1,
    says: /issuer/,
  },
  { line: 'identity federated-credential create -g {group} --identity-name {own}fic', code: 2, says: /--name/ },
  { line: 'identity federated-credential show -g {group} --identity-name {own}fic -n {own}-main', creates: true },
  { line: 'identity federated-credential show -g {group} --identity-name {own}fic -n none', code: 3, says: /NotFound/ },
  {
    line: 'identity federated-credential update -g {group} --identity-name {own}fic -n {own}-main --subject {own}-other',
    creates: true,
  },
  {
    line: `identity federated-credential create -g {group} --identity-name {own}fic -n {own}-claims --issuer https://issuer.example.com --cme-version 1 --cme-value 'claims["project_id"] eq "{own}"' --audiences {own}`,
    code: 1,
    says: /claim/i,
  },
  { line: 'identity federated-credential list -g {group} --identity-name {own}fic', creates: true },
  { line: 'identity federated-credential list -g {group} --identity-name {own}fic -o table', creates: true },
  { line: 'identity federated-credential list -g {group} --identity-name {own}fic --top 1', creates: true },
  {
    line: 'identity federated-credential create -g {group} --identity-name {own}fic -n {own}-next --issuer https://issuer.example.com --subject {own}-next --audiences api://AzureADTokenExchange',
    creates: true,
  },
  {
    line: 'identity federated-credential list -g {group} --identity-name {own}fic --max-items 1',
    creates: true,
    says: /Token of next page: eyJuZXh0X2xpbmsiOiBudWxsLCAib2Zmc2V0IjogMX0=$/m,
  },
  {
    line: 'identity federated-credential list -g {group} --identity-name {own}fic --max-items 1 --next-token eyJuZXh0X2xpbmsiOiBudWxsLCAib2Zmc2V0IjogMX0=',
    creates: true,
  },
  {
    line: 'identity federated-credential list -g {group} --identity-name {own}fic --max-items 5 --next-token eyJuZXh0X2xpbmsiOiBudWxsLCAib2Zmc2V0IjogMX0= -o table',
    creates: true,
  },
  {
    line: 'identity federated-credential list -g {group} --identity-name {own}fic --next-token abc',
    code: 1,
    says: /Invalid Base64 string/,
  },
  {
    line: 'identity federated-credential list -g {group} --identity-name {own}fic --next-token e30=',
    code: 1,
    says: /`next_link` or `offset` doesn't exist/,
  },
  {
    line: 'identity federated-credential list -g {group} --identity-name {own}fic --max-items 0',
    code: 1,
    says: /--max-items: Invalid format: '0' is less than 1/,
  },
  {
    line: 'identity federated-credential update -g {group} --identity-name {own}fic -n {own}-main --set subject={own}-set',
    creates: true,
  },
  {
    line: 'identity federated-credential update -g {group} --identity-name {own}fic -n {own}-main --set subject=5 --force-string yes',
    creates: true,
  },
  {
    line: 'identity federated-credential update -g {group} --identity-name {own}fic -n {own}-main --force-string perhaps',
    code: 2,
    says: /perhaps/,
  },
  { line: 'identity federated-credential list -g {group} --identity-name nothing', code: 3, says: /NotFound/ },
  {
    line: 'identity federated-credential delete -g {group} --identity-name {own}fic -n {own}-main',
    code: 1,
    says: /--yes|yes/,
  },
  { line: 'identity federated-credential delete -g {group} --identity-name {own}fic -n {own}-main --yes' },
  { line: 'identity delete -g {group} -n {own}fic' },
]
