import { defineCommand } from '../../framework/command/command.ts'
import { type EnrollOptions, enroll } from './enroll.ts'
import { aboutCodes, serverCodes, stateDirFlag, usageCodes } from './shared.ts'

/** `acrux identity-endpoint enroll`. */
export const command = defineCommand<EnrollOptions>({
  about: aboutCodes,
  flags: [
    {
      flags: '--server <url>',
      description: 'the base URL of the server, such as https://registry.example.com',
      required: true,
    },
    {
      flags: '--code <code>',
      description: 'the enrollment code of this machine; - reads it from stdin',
      required: true,
      secret: true,
    },
    { flags: '--ca <file>', description: 'the certificate authority (PEM) that signed the certificate of the server' },
    stateDirFlag(),
  ],
  examples: [
    'acrux identity-endpoint enroll --server https://registry.example.com --code 7K3M-9QRT-2VWX-8HJN-5PBD',
    'acrux identity-endpoint enroll --server https://registry.example.com --code - --ca ca.pem',
  ],
  exitCodes: { ...usageCodes, 20: 'the key cannot be written', ...serverCodes },
  prints: 'itself',
  privateFiles: true,
  run: async (flags, { print }) => {
    const state = await enroll(flags)
    print(`acrux: this machine is ${state.resourceId}\n`)
    print(`acrux: client id ${state.clientId}, object id ${state.objectId}\n`)
    print('       run acrux identity-endpoint serve\n')
  },
})
