import type { FlagDescription } from '../../framework/command/command.ts'

/** The options of `acrux login`: the options of az, and the options for Acrux servers. */
export type LoginFlags = {
  readonly username?: string
  readonly password?: string
  readonly tenant?: string
  readonly scope?: readonly string[]
  readonly allowNoSubscriptions?: true
  readonly useDeviceCode?: true
  readonly servicePrincipal?: true
  readonly certificate?: string
  readonly useCertSnIssuer?: true
  readonly federatedToken?: string
  readonly identity?: true
  readonly clientId?: string
  readonly objectId?: string
  readonly resourceId?: string
  readonly host?: string
  readonly server?: string
  readonly caFile?: string
  readonly yes?: true
  readonly firstRun?: true
  readonly dataDir?: string
}

/** Describes {@link LoginFlags}. */
export const loginFlags: readonly FlagDescription[] = [
  {
    flags: '--server <server>',
    description: 'the server to sign in to, instead of the argument HOST',
  },
  {
    flags: '--ca-file <file>',
    description:
      'with HOST: a PEM file with the certificate authority of the server; the command trusts no other authority',
  },
  {
    flags: '-y, --yes',
    description: 'with HOST: trust the certificate authority and the sign-in host of the server without asking',
  },
  {
    flags: '--first-run',
    description:
      'sign in to the server of this machine, as the service principal that the first start of the server created',
  },
  { flags: '--data-dir <directory>', description: 'with --first-run: the data directory. Variable: ACRUX_DATA_DIR' },
  {
    flags: '-t, --tenant <tenant>',
    description: 'the id or a domain of the tenant; required for a service principal. Variable: AZURE_TENANT_ID',
  },
  {
    flags: '--scope <scope...>',
    description: 'the scopes of the first token, such as https://graph.microsoft.com/.default',
    repeated: true,
  },
  { flags: '--use-device-code', description: 'sign in on another device, with a code' },
  { flags: '--service-principal', description: 'sign in as a service principal' },
  {
    flags: '-u, --username <id>',
    description: 'with --service-principal: the application id. Variable: AZURE_CLIENT_ID',
  },
  {
    flags: '-p, --password <secret>',
    description:
      'with --service-principal: - to read the secret from stdin, @FILE to read it from a file, or the secret itself, which other users of this machine can then see. Variable: ACRUX_CLIENT_SECRET',
    secret: true,
  },
  {
    flags: '--certificate <file>',
    description: 'with --service-principal: a PEM file with the key and the certificate',
  },
  {
    flags: '--use-cert-sn-issuer',
    description:
      'with --certificate: send the certificate, for applications that trust the subject and the issuer of the certificate',
  },
  {
    flags: '--federated-token <token>',
    description:
      'with --service-principal: a token of an external issuer: - for stdin, or @FILE; acrux reads the file again for each sign-in. Variable: AZURE_FEDERATED_TOKEN_FILE',
    secret: true,
  },
  { flags: '-i, --identity', description: 'sign in as the managed identity of this machine' },
  { flags: '--client-id <id>', description: 'with --identity: the client id of a user-assigned identity' },
  { flags: '--object-id <id>', description: 'with --identity: the object id of a user-assigned identity' },
  { flags: '--resource-id <id>', description: 'with --identity: the resource id of a user-assigned identity' },
  {
    flags: '--allow-no-subscriptions',
    description: 'sign in to a tenant even if the principal has no subscription in the tenant',
  },
]
