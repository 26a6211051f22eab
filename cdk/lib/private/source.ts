import { Aws } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { IConstruct } from "constructs";

/** Describes where the function reads a value, and what that takes. */
export interface Source {
  /** The entry of `ProviderDetailsFrom`. */
  readonly property: { [kind: string]: { [key: string]: string | undefined } };
  /** The permissions that the function needs to read the value. */
  readonly statements: iam.PolicyStatement[];
  /** What EventBridge sends when the value changes. */
  readonly change: Change;
}

/** The events about a changed value: they name an ARN, or an object in a bucket. */
export type Change =
  | { readonly resource: string | object }
  | {
      readonly bucket: string;
      readonly key: string;
      readonly enableEvents: () => void;
      /** Whether it is a file that the CDK uploads, which never changes under its key. */
      readonly isAsset: boolean;
    };

/** Returns the permission to decrypt with a key, through one service only. */
export function decrypt(
  service: string,
  resource: IConstruct & { readonly env: { readonly region: string } },
  key?: IKey,
): iam.PolicyStatement[] {
  if (!key) {
    return [];
  }
  return [
    new iam.PolicyStatement({
      actions: ["kms:Decrypt"],
      resources: [key.keyArn],
      // The function cannot be used to decrypt arbitrary ciphertexts.
      conditions: {
        StringEquals: { "kms:ViaService": `${service}.${resource.env.region}.${Aws.URL_SUFFIX}` },
      },
    }),
  ];
}
