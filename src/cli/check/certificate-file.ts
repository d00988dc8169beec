import type { X509Certificate } from 'node:crypto'
import { certificateFacts, parseCertificate, splitPem } from '../../pki/certificate.ts'
import { messageOf } from '../../policy/error.ts'
import type { CertificateFacts } from '../../policy/facts.ts'
import { type CheckContext, type Outcome, readPem } from './context.ts'

export interface ReadCertificate {
  readonly x509: X509Certificate
  readonly facts: CertificateFacts
}

/** Every certificate of a PEM file, at least one, all of them readable. */
export function readCertificates(context: CheckContext, path: string): Outcome<readonly ReadCertificate[]> {
  const text = readPem(context, path)
  if (!text.ok) return text
  const blocks = splitPem(text.value)
  if (blocks.length === 0) return { ok: false, problem: `the file ${path} holds no PEM certificate` }
  const found: ReadCertificate[] = []
  for (const [index, block] of blocks.entries()) {
    try {
      const x509 = parseCertificate(block)
      found.push({ x509, facts: certificateFacts(x509) })
    } catch (error) {
      return { ok: false, problem: `certificate ${index + 1} of ${path} cannot be read: ${messageOf(error)}` }
    }
  }
  return { ok: true, value: found }
}

const dayMs = 86_400_000

/**
 * Is a certificate close to its end? 30 days before it, but never before two thirds of its life are
 * over: one that lives for a day (A00.FR.510 suggests so) would otherwise always be.
 */
export function endsSoon(facts: CertificateFacts, now: number): boolean {
  const life = facts.notAfter - facts.notBefore
  return facts.notAfter - now < Math.min(30 * dayMs, life / 3)
}

/** A point in time as operators compare it. */
export function dateText(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15
    ? `${new Date(ms).toISOString().slice(0, 16)}Z`
    : 'no date'
}
