import type { FlagDescription } from '../../framework/command/command.ts'

/** The options of `acrux emulator`. `acrux run` passes these options on, so this file must not load the server. */
export const emulatorFlags: readonly FlagDescription[] = [
  {
    flags: '--listen <host:port>',
    description: 'the address to accept connections on; port 0 is any free port. Default: 127.0.0.1:0',
  },
  { flags: '--seed <file>', description: 'a seed in YAML or JSON, applied at the start', repeated: true },
  {
    flags: '--ca-cert <file>',
    description:
      'the certificate authority, in PEM, that signs the server certificate. Default: a certificate authority for your user',
  },
  { flags: '--ca-key <file>', description: 'the private key of --ca-cert, in PEM' },
  { flags: '--http', description: 'serve HTTP instead of HTTPS; the Azure SDKs reject HTTP' },
  {
    flags: '--public-host <host>',
    description:
      'the host in the addresses of the registry, or from-request for the host of each request. Default: localhost',
  },
  { flags: '--clock <time>', description: 'the time at the start, such as 2027-01-01T00:00:00Z. Default: now' },
  {
    flags: '--realism <level>',
    description: 'whether changes take effect immediately, or with the documented delays of Azure. Default: instant',
    choices: ['instant', 'azure'],
  },
  {
    flags: '--control <host:port>',
    description: 'the address of the control API; port 0 is any free port. Default: 127.0.0.1:0',
  },
  {
    flags: '--control-token <@file>',
    description: 'a file with the bearer token of the control API. Default: a random token',
  },
  {
    flags: '--ready-file <file>',
    description: 'write a JSON file with the addresses, ids and secrets when the emulator accepts requests',
  },
  {
    flags: '--until-stdin-closes',
    description: 'stop when standard input is closed, for example because the calling process ends',
  },
  { flags: '--silent', description: 'write no log, and print only the line with the address' },
  {
    flags: '--allow-network',
    description: 'allow addresses that other machines can reach; the secrets are public',
  },
]
