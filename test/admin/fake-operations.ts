import type {
  ChargePointOperations,
  DeleteRootOptions,
  GetLogOptions,
  InstallRootOptions,
  ListRootsOptions,
  OperationOptions,
  OperationOutcome,
  RenewCertificateOptions,
  RotatePasswordOptions,
  UpdateFirmwareOptions,
} from '../../src/usecases/operation/operation.ts'

export interface Asked {
  readonly what: string
  readonly identity: string
  readonly options: OperationOptions | RotatePasswordOptions | RenewCertificateOptions
  end(outcome: OperationOutcome): void
}

/** Operations that end when the test says so, or at once with `outcome`. */
export class FakeOperations implements ChargePointOperations {
  readonly asked: Asked[] = []
  outcome: OperationOutcome | null = { ok: true, detail: 'done' }
  #waiting: (() => void)[] = []

  rotatePassword(identity: string, options: RotatePasswordOptions): Promise<OperationOutcome> {
    return this.#run('rotate', identity, options)
  }

  upgradeProfile(identity: string, to: 1 | 2 | 3, options: OperationOptions): Promise<OperationOutcome> {
    return this.#run(`to ${to}`, identity, options)
  }

  updateFirmware(identity: string, options: UpdateFirmwareOptions): Promise<OperationOutcome> {
    return this.#run(`update firmware ${options.name}`, identity, options)
  }

  listRoots(identity: string, options: ListRootsOptions): Promise<OperationOutcome> {
    return this.#run('list roots', identity, options)
  }

  installRoot(identity: string, options: InstallRootOptions): Promise<OperationOutcome> {
    return this.#run('install root', identity, options)
  }

  deleteRoot(identity: string, options: DeleteRootOptions): Promise<OperationOutcome> {
    return this.#run('delete root', identity, options)
  }

  renewCertificate(identity: string, options: RenewCertificateOptions): Promise<OperationOutcome> {
    return this.#run('renew', identity, options)
  }

  renewV2gCertificate(identity: string, options: OperationOptions): Promise<OperationOutcome> {
    return this.#run('renew v2g', identity, options)
  }

  getLog(identity: string, options: GetLogOptions): Promise<OperationOutcome> {
    return this.#run('get log', identity, options)
  }

  /** Fulfilled when so many were asked for. */
  async count(count: number): Promise<void> {
    while (this.asked.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #run(what: string, identity: string, options: Asked['options']): Promise<OperationOutcome> {
    const { promise, resolve } = Promise.withResolvers<OperationOutcome>()
    options.signal?.addEventListener('abort', () => {
      resolve({ ok: false, code: 'draining', detail: 'given up' })
    })
    this.asked.push({ what, identity, options, end: resolve })
    if (this.outcome !== null) resolve(this.outcome)
    for (const wake of this.#waiting.splice(0)) wake()
    return promise
  }
}
