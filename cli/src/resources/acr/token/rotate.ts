import { ApiError } from '../../../clients/arm/arm.ts'
import { type NamedRegistry, askRegistry, findOwningRegistry } from '../../../clients/arm/named-registry.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { timeMs } from '../../../framework/values/duration.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { type RotationFlags, aboutRotation, rotationExitCodes, rotationFlags } from '../../rotation/flags.ts'
import { type Holder, type Passwords, areUsesUnknown } from '../../rotation/holder.ts'
import { rotate } from '../../rotation/rotate.ts'
import { type ExpiryFlags, expiryFlags, expiryOf, generatePasswords } from './passwords.ts'
import { type TokenFlags, askToken, tokenFlags } from './token.ts'

const slots = ['password1', 'password2'] as const

/** `acrux acr token rotate`. az has no such command. */
export const command = defineCommand<TokenFlags & ExpiryFlags & RotationFlags>({
  about: aboutRotation,
  flags: [...tokenFlags, ...expiryFlags, ...rotationFlags],
  examples: [
    'acrux acr token rotate -r contoso -n device --expiration-in-days 90',
    'acrux acr token rotate -r contoso -n device --out-file /run/secrets/device',
    "acrux acr token rotate -r contoso -n device --exec 'podman secret create --replace device -'",
    'acrux acr token rotate -r contoso -n device --finish --after 24h --yes',
  ],
  exitCodes: rotationExitCodes,
  run: async (flags, context) => {
    const expiry = expiryOf(flags)
    const named = await findOwningRegistry(context, flags)
    const token = await askToken(named, 'GET', { name: flags.name })
    return rotate(context, holderOf(named, String(valueAt(token, 'name')), expiry), flags)
  },
})

function holderOf(named: NamedRegistry, name: string, expiry: string | undefined): Holder {
  const selects = `-r ${named.name} -n ${name}`
  return {
    title: `the token ${name}`,
    username: name,
    maxPasswords: slots.length,
    commandLine: `acrux acr token rotate ${selects}`,
    deleteCommandLine: (id) => `acrux acr token credential delete ${selects} --${id}`,
    read: () => readPasswords(named, name),
    create: async (present) => {
      const free = slots.find((slot) => present.every(({ id }) => id !== slot))
      if (free === undefined) throw new Error('both passwords are valid')
      const made = await generatePasswords(named, { tokenId: `${named.id}/tokens/${name}`, name: free, expiry })
      return { id: free, value: String(valueAt(made, 'passwords.0.value')) }
    },
    remove: async (id) => {
      const kept = (await readPasswords(named, name)).all.filter((each) => each.id !== id)
      const passwords = kept.map((each) => ({ name: each.id }))
      await askToken(named, 'PATCH', { name, properties: { credentials: { passwords } } })
    },
  }
}

/** The passwords with their last uses, if the server records them and the account may read them. */
async function readPasswords(named: NamedRegistry, name: string): Promise<Passwords> {
  const path = `/providers/Acrux.Server/passwordUses/${encodeURIComponent(name)}`
  try {
    return { all: passwordsIn(valueAt(await askRegistry(named, 'GET', { path }), 'properties.passwords')) }
  } catch (error) {
    if (!(error instanceof ApiError) || !areUsesUnknown(error)) throw error
    const passwords = valueAt(await askToken(named, 'GET', { name }), 'properties.credentials.passwords')
    return { all: passwordsIn(passwords), usesUnknown: error.message }
  }
}

function passwordsIn(list: unknown): Passwords['all'] {
  return (Array.isArray(list) ? (list as unknown[]) : []).map((each) => ({
    id: String(valueAt(each, 'name')),
    createdAtMs: timeMs(valueAt(each, 'createdAt') ?? valueAt(each, 'creationTime')) ?? 0,
    expiresAtMs: timeMs(valueAt(each, 'expiresAt') ?? valueAt(each, 'expiry')),
    lastUsedAtMs: timeMs(valueAt(each, 'lastUsedAt')),
  }))
}
