import { z } from 'zod'
import { parseTokenService } from './network-address.ts'
import { settingTexts } from './setting-texts.ts'
import { addressRanges, parsed, path } from './setting-values.ts'

/** The settings in `outbound`: which other servers this server may connect to. */
export const outboundSettings = z
  .strictObject(
    {
      allowPrivateAddresses: z.boolean({ error: 'must be true or false' }).default(false).register(settingTexts, {
        kind: 'boolean',
        description:
          'Whether federated credential issuers, trusted tenants, source registries of imports and audit webhooks may have loopback or private addresses. With `true`, application owners and principals with import permission can make the server send requests to private addresses. Link-local addresses and the metadata addresses of clouds are never allowed.',
        placeholder: 'boolean',
        example: 'true',
      }),
      allowedNetworks: addressRanges().register(settingTexts, {
        kind: 'list',
        description:
          'Networks in which the server may connect to issuers, source registries and webhooks, regardless of `outbound.allowPrivateAddresses`.',
        placeholder: 'range',
        example: '10.20.0.0/16',
        defaultText: 'none',
      }),
      tokenServices: z
        .array(parsed(parseTokenService, 'must be REGISTRY=HOST, two hosts, each with a port unless the port is 443'), {
          error: 'must be a pair of hosts, or a list of pairs',
        })
        .max(64, { error: 'must name no more than 64 registries' })
        .default([])
        .register(settingTexts, {
          kind: 'list',
          description:
            "Pairs of hosts for imports: a source registry, and the registry's token service on another host. The server also sends the credentials for the source registry to the token service. Docker Hub needs no entry. A registry such as `registry.gitlab.com`, whose host is a subdomain of the token service's host, needs no entry.",
          placeholder: 'pair',
          example: 'registry.example.com=gitlab.example.com',
          defaultText: 'none',
        }),
      caFile: path().optional().register(settingTexts, {
        kind: 'text',
        description:
          "A PEM file with certificate authorities for federated credential issuers, trusted tenants, source registries and webhooks, in addition to the system's certificate authorities.",
        placeholder: 'file',
        example: '/etc/acrux/organisation-ca.pem',
        defaultText: 'none',
      }),
    },
    { error: 'must be a mapping' },
  )
  .prefault({})
