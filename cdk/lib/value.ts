import type { SecretsManagerSecretOptions } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import { Asset } from "aws-cdk-lib/aws-s3-assets";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import type { IStringParameter } from "aws-cdk-lib/aws-ssm";
import { decrypt, type Source } from "./private/source";

/**
 * A value of an identity provider, such as its client secret: given in the template, or read by the
 * function in the deployment.
 *
 * A value that the function reads is in no template, no event and no log. The construct grants the
 * function's role the permission to read it.
 */
export class ProviderValue {
  /**
   * Gives the value in the template, where everyone with access to the template or to the stack's
   * events can read it. Do not use it for secrets.
   *
   * @param value The value; it may be a token.
   */
  public static plainText(value: string): ProviderValue {
    return new ProviderValue(value);
  }

  /**
   * Has the function read the value from a secret in Secrets Manager.
   *
   * @param secret The secret.
   * @param options The key of the value in a secret that is a JSON object, and the version.
   */
  public static fromSecretsManager(
    secret: ISecret,
    options: SecretsManagerSecretOptions = {},
  ): ProviderValue {
    // A secret that is imported by its name has an ARN without its last six characters.
    const { secretFullArn, secretArn } = secret;
    return new ProviderValue(undefined, {
      property: {
        SecretsManager: {
          SecretId: secretArn,
          JsonKey: options.jsonField,
          VersionId: options.versionId,
          VersionStage: options.versionStage,
        },
      },
      statements: [
        new iam.PolicyStatement({
          actions: ["secretsmanager:GetSecretValue"],
          resources: [secretFullArn ?? `${secretArn}-??????`],
        }),
        ...decrypt("secretsmanager", secret, secret.encryptionKey),
      ],
      change: { resource: secretFullArn ?? { prefix: `${secretArn}-` } },
    });
  }

  /**
   * Has the function read the value from a parameter in Parameter Store: a `String`, or a
   * `SecureString`, which it decrypts.
   *
   * @param parameter The parameter. Import a `SecureString` with its `encryptionKey` if that is a
   *   customer managed key.
   */
  public static fromSsmParameter(parameter: IStringParameter): ProviderValue {
    // The interface does not have the key, but both of its implementations do.
    const { encryptionKey } = parameter as { encryptionKey?: IKey };
    return new ProviderValue(undefined, {
      property: { SsmParameter: { Name: parameter.parameterName } },
      statements: [
        new iam.PolicyStatement({
          actions: ["ssm:GetParameter"],
          resources: [parameter.parameterArn],
        }),
        ...decrypt("ssm", parameter, encryptionKey),
      ],
      change: { resource: parameter.parameterArn },
    });
  }

  /**
   * Has the function read the value from an object in S3, as text in UTF-8.
   *
   * @param bucket The bucket.
   * @param key The object's key.
   * @param objectVersion The object's version; the latest one unless given.
   */
  public static fromBucket(bucket: IBucket, key: string, objectVersion?: string): ProviderValue {
    return new ProviderValue(undefined, {
      property: { S3: { Bucket: bucket.bucketName, Key: key, VersionId: objectVersion } },
      statements: [
        new iam.PolicyStatement({
          actions: [objectVersion === undefined ? "s3:GetObject" : "s3:GetObjectVersion"],
          resources: [bucket.arnForObjects(key)],
          // A bucket's ARN names no account: if the bucket was deleted, anyone may own that name.
          conditions: { StringEquals: { "s3:ResourceAccount": bucket.env.account } },
        }),
        ...decrypt("s3", bucket, bucket.encryptionKey),
      ],
      change: {
        bucket: bucket.bucketName,
        key,
        enableEvents: () => bucket.enableEventBridgeNotification(),
        isAsset: bucket.node.scope instanceof Asset,
      },
    });
  }

  private constructor(
    /** @internal */
    public readonly _text?: string,
    /** @internal */
    public readonly _source?: Source,
  ) {}
}
