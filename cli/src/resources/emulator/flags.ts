import type { FlagDescription } from '../../framework/command/command.ts'

/** The options of `acrux emulator`, for `acrux run`, which passes them on: this file must not load the server. */
export const emulatorFlags: readonly FlagDescription[] = [
  {
    flags: '--listen <host:port>',
    description: 'the address to accept connections on; port 0 is any free port. Default: 127.0.0.1:0',
  },
  { flags: '--seed <file>', description: 'a seed in YAML or JSON, applied at the start', repeated: true },
  { flags: '--ca-cert <file>', description: 'a certificate authority to sign with, in PEM, instead of your own' },
  { flags: '--ca-key <file>', description: 'the private key of --ca-cert, in PEM' },
  { flags: '--http', description: 'serve HTTP instead of HTTPS; the Azure SDKs deny it' },
  {
    flags: '--public-host <host>',
    description:
      'the host at which clients reach the registry, or from-request for the host of each request. Default: localhost',
  },
  { flags: '--clock <time>', description: 'where the clock starts, such as 2027-01-01T00:00:00Z. Default: now' },
  {
    flags: '--realism <level>',
    description: 'whether changes take effect at once, or with the documented delays of Azure. Default: instant',
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
    description: 'write a JSON file with the addresses, ids and secrets, once requests are accepted',
  },
  {
    flags: '--until-stdin-closes',
    description: 'stop when standard input is closed, such as by the end of the caller',
  },
  { flags: '--silent', description: 'write no log, and print only the last line' },
  {
    flags: '--allow-network',
    description: 'accept addresses that other machines can reach, although the secrets are public',
  },
]
