import { type TSchema, Type } from 'typebox'
import type { CampaignView, Share } from '../../campaigns/campaigns.ts'
import type { Api, ApiContext } from '../api.ts'
import { auditResult } from '../audit.ts'
import {
  campaignAnswer,
  campaignFirmware,
  campaignItemAnswer,
  campaignItemSchema,
  campaignKindNames,
  campaignLog,
  campaignRoot,
  campaignSchema,
  itemStates,
} from '../campaign-view.ts'
import { answers, limit, nullableInteger, nullableText, oneOf, page, profile, strict } from '../schemas.ts'

const tags = ['campaigns']

/** A list of a hundred thousand identities fits. */
const createBodyLimit = 8 * 1024 * 1024

const idParams = Type.Object({ id: Type.String({ maxLength: 100 }) })

const share = Type.Unsafe<Share>({
  anyOf: [
    { type: 'integer', minimum: 0 },
    { type: 'string', pattern: '^\\d{1,3}(?:\\.\\d{1,4})?%$' },
  ],
  description: 'A number of charge points, or a share such as 5%.',
})

const whole = Type.Integer({ minimum: 0 })

const request = strict({
  kind: oneOf(campaignKindNames),
  toProfile: Type.Optional(Type.Unsafe<1 | 2 | 3>({ type: 'integer', enum: [1, 2, 3] })),
  root: Type.Optional(campaignRoot),
  firmware: Type.Optional(campaignFirmware),
  log: Type.Optional(campaignLog),
  selection: strict(
    {
      all: Type.Optional(Type.Boolean()),
      identities: Type.Optional(
        Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { minItems: 1, maxItems: 200_000 }),
      ),
      securityProfile: Type.Optional(profile),
      neverRotated: Type.Optional(Type.Boolean()),
      certificateEndsWithinDays: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 3650,
          description: 'Those whose certificate, as it was seen last, ends within so many days.',
        }),
      ),
    },
    { description: 'What is named narrows; blocked charge points are skipped.' },
  ),
  settings: Type.Optional(
    strict({
      canary: Type.Optional(share),
      perMinute: Type.Optional(whole),
      concurrency: Type.Optional(whole),
      onlyIdle: Type.Optional(Type.Boolean()),
      attempts: Type.Optional(whole),
      retryAfterMs: Type.Optional(whole),
      timeoutMs: Type.Optional(whole),
      maxFailures: Type.Optional(share),
      reset: Type.Optional(Type.Boolean()),
      newPasswords: Type.Optional(
        Type.Boolean({
          description:
            'Of upgrade-profile to 1 or 2: each charge point gets a new password first, over the line that it has, which may be one without TLS.',
        }),
      ),
      setCpoName: Type.Optional(
        Type.Boolean({ description: 'Of renew-certificates: CpoName is set first (A02.FR.13).' }),
      ),
      reconnect: Type.Optional(
        Type.Boolean({
          description: 'Of renew-certificates: each is made to connect with its new certificate.',
        }),
      ),
    }),
  ),
})

const itemQuery = strict({
  state: Type.Optional(oneOf(itemStates)),
  after: Type.Optional(Type.Integer({ description: 'Only positions after this one.' })),
  limit: limit(),
})

/** One change over many charge points. */
export function campaignRoutes(api: Api, { deps }: ApiContext): void {
  const { campaigns } = deps

  api.get(
    '/campaigns',
    {
      schema: {
        operationId: 'listCampaigns',
        summary: 'Campaigns, newest first',
        tags,
        querystring: strict({ limit: limit(100) }),
        response: answers(200, page(campaignSchema, nullableText())),
      },
    },
    async ({ query: { limit } }) => ({
      items: (await campaigns.list(limit)).map(campaignAnswer),
      next: null,
    }),
  )

  api.post(
    '/campaigns',
    {
      bodyLimit: createBodyLimit,
      schema: {
        operationId: 'createCampaign',
        summary: 'Begins a campaign',
        tags,
        body: request,
        response: answers(201, campaignSchema, 409, 413, 415, 422),
      },
    },
    async (request, reply) => {
      const campaign = await campaigns.create(request.body)
      auditResult(request, `ok, campaign ${campaign.id}`)
      return reply.code(201).send(campaignAnswer(campaign))
    },
  )

  api.get(
    '/campaigns/:id',
    {
      schema: {
        operationId: 'getCampaign',
        summary: 'One campaign',
        tags,
        params: idParams,
        response: answers(200, campaignSchema, 404),
      },
    },
    async ({ params: { id } }) => campaignAnswer(await campaigns.get(id)),
  )

  api.get(
    '/campaigns/:id/charge-points',
    {
      schema: {
        operationId: 'listCampaignChargePoints',
        summary: 'How each charge point of a campaign stands, in their order',
        tags,
        params: idParams,
        querystring: itemQuery,
        response: answers(200, page(campaignItemSchema, nullableInteger()), 404),
      },
    },
    async ({ params: { id }, query: { state, after, limit } }) => {
      const items = await campaigns.items(id, {
        limit,
        ...(state === undefined ? {} : { state }),
        ...(after === undefined ? {} : { after }),
      })
      const next = items.length < limit ? null : (items.at(-1)?.position ?? null)
      return { items: items.map(campaignItemAnswer), next }
    },
  )

  stepRoutes(api, deps.campaigns)
}

function stepRoutes(api: Api, campaigns: ApiContext['deps']['campaigns']): void {
  step(api, 'pause', 'Begins nothing new; what is under way ends as it would', strict({}), (id) =>
    campaigns.pause(id),
  )
  step(api, 'cancel', 'Stops it; what is under way ends as it would', strict({}), (id) =>
    campaigns.cancel(id),
  )
  const retryFailed = Type.Boolean({ default: false, description: 'Failed ones are tried again.' })
  step(api, 'resume', 'A paused or stopped one goes on', strict({ retryFailed }), (id, body) =>
    campaigns.resume(id, { retryFailed: (body as { readonly retryFailed: boolean }).retryFailed }),
  )
}

function step(
  api: Api,
  name: 'pause' | 'resume' | 'cancel',
  summary: string,
  body: TSchema,
  run: (id: string, body: unknown) => Promise<CampaignView>,
): void {
  api.post(
    `/campaigns/:id/${name}`,
    {
      schema: {
        operationId: `${name}Campaign`,
        summary,
        tags,
        params: idParams,
        body,
        response: answers(200, campaignSchema, 404, 409, 413, 415),
      },
    },
    async (request) => {
      const campaign = await run(request.params.id, request.body)
      auditResult(request, `ok, campaign ${campaign.id}`)
      return campaignAnswer(campaign)
    },
  )
}
