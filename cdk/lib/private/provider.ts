import {
  Annotations,
  CfnResource,
  Duration,
  Names,
  RemovalPolicy,
  Resource,
  Stack,
} from "aws-cdk-lib";
import * as cognito from "aws-cdk-lib/aws-cognito";
import type { aws_cognito as references } from "aws-cdk-lib/interfaces";
import type { Construct, IConstruct } from "constructs";
import {
  CognitoIdentityProviderFunction,
  type ICognitoIdentityProviderFunction,
} from "../function";
import type { CognitoIdentityProviderProps } from "../props";
import { ProviderValue } from "../value";
import { attributeMapping } from "./attribute-mapping";
import { applyOnChange, detectDrift, sendingErrors } from "./in-step";
import { named } from "./names";
import { policy, poolAccess, requireSameRegion } from "./permissions";
import { propertyErrors, propertyWarnings } from "./validation";

/** The keys of `ProviderDetails` whose values are secret. */
const SECRET = ["client_secret", "private_key"];

/** What the types of providers give to the resource. */
export interface Definition {
  readonly type: string;
  /** The name; one made of the construct's path unless given. */
  readonly name?: string;
  readonly details: { [key: string]: string | boolean | ProviderValue | undefined };
  readonly acrMapping?: { [level: string]: string | undefined };
}

/**
 * An identity provider of any type.
 *
 * @internal
 */
export abstract class CognitoIdentityProvider
  extends Resource
  implements cognito.IUserPoolIdentityProvider
{
  /**
   * The name of the provider. CloudFormation creates the provider before each resource that uses
   * the name.
   */
  public readonly providerName: string;

  /**
   * The provider, to be handed to an app client.
   */
  public readonly clientIdentityProvider: cognito.UserPoolClientIdentityProvider;

  /**
   * The function that manages the provider.
   */
  public readonly handler: ICognitoIdentityProviderFunction;

  private readonly resource: CfnResource;

  /** The pool and the name of the provider, as they are in the template. */
  private readonly names: [pool: unknown, name: unknown];

  constructor(
    scope: Construct,
    id: string,
    props: CognitoIdentityProviderProps,
    defined: Definition,
  ) {
    super(scope, id);
    const { userPool } = props;
    this.handler = props.handler ?? CognitoIdentityProviderFunction.getOrCreate(this);
    requireSameRegion(this, userPool, this.handler);
    const { text, sources } = split(this, { ...defined.details, ...props.additionalDetails });
    const properties = {
      ServiceToken: this.handler.functionArn,
      UserPoolId: userPool.userPoolId,
      ProviderName: defined.name ?? Names.uniqueResourceName(this, { maxLength: 32 }),
      ProviderType: defined.type,
      ProviderDetails: text,
      ProviderDetailsFrom:
        sources.size > 0
          ? Object.fromEntries([...sources].map(([key, { property }]) => [key, property]))
          : undefined,
      AttributeMapping: attributeMapping(props.attributeMapping),
      IdpIdentifiers: props.identifiers,
      AcrMapping: defined.acrMapping,
      AdoptExisting: props.adoptExisting,
      // CloudFormation would wait for an hour.
      ServiceTimeout: (props.serviceTimeout ?? Duration.minutes(20)).toSeconds(),
      Revision: props.revision,
    };
    this.resource = new CfnResource(this, "Resource", {
      type: "Custom::CognitoIdentityProvider",
      properties,
    });
    this.resource.applyRemovalPolicy(props.removalPolicy ?? RemovalPolicy.DESTROY);
    this.providerName = this.attribute("ProviderName");
    this.clientIdentityProvider = cognito.UserPoolClientIdentityProvider.custom(this.providerName);

    // CloudFormation grants the permissions before it creates the provider, and revokes them after
    // it has deleted the provider.
    this.resource.node.addDependency(poolAccess(this, userPool, this.handler));
    const statements = [...sources.values()].flatMap((source) => source.statements);
    if (statements.length > 0) {
      this.resource.node.addDependency(policy(this, "Values", this.handler, statements));
    }

    const sending = [
      ...(props.detectDrift ? ["detectDrift"] : []),
      ...(props.applyOnChange ? ["applyOnChange"] : []),
    ];
    const unsent = sending.length > 0 ? sendingErrors(text, sending) : [];
    this.node.addValidation({
      validate: () => [
        ...propertyErrors(Stack.of(this).resolve(properties)),
        ...twice(defined.details, props.additionalDetails),
        ...unsent,
        // With such an error, the value is where the other message wants it after its repair.
        ...(props.applyOnChange && sources.size === 0 && unsent.length === 0
          ? ["applyOnChange has no effect: the function reads no value of this provider"]
          : []),
      ],
    });
    for (const key of SECRET.filter((key) => key in text)) {
      Annotations.of(this).addWarningV2(
        "cfn-cognito-idp:secretByValue",
        `${key} is given by value: everyone who can read the template, or the events that ` +
          "CloudFormation sends to the function, can read it. Use " +
          "ProviderValue.fromSecretsManager or ProviderValue.fromSsmParameter",
      );
    }

    for (const [id, warning] of propertyWarnings(Stack.of(this).resolve(properties))) {
      Annotations.of(this).addWarningV2(`cfn-cognito-idp:${id}`, warning);
    }

    this.names = Stack.of(this).resolve([properties.UserPoolId, properties.ProviderName]);
    const other = this.twin(userPool);
    if (other) {
      Annotations.of(this).addWarningV2(
        "cfn-cognito-idp:declaredTwice",
        `${other.node.path} declares the same provider. Deleting one of them deletes it for both: ` +
          "declare it once",
      );
    }

    if (props.detectDrift) {
      detectDrift(this, props.detectDrift, this.resource, this.handler);
    }
    if (props.applyOnChange) {
      const all = [...sources.values()].map((source) => source.change);
      const changes = all.filter((change) => !("isAsset" in change && change.isAsset));
      if (changes.length < all.length) {
        Annotations.of(this).addWarningV2(
          "cfn-cognito-idp:applyOnChangeOfAsset",
          "applyOnChange has no effect on an asset: a changed file gets a new key, and the next " +
            "deployment applies it",
        );
      }
      applyOnChange(this, changes, this.resource, this.handler);
    }
    userPool.registerIdentityProvider(this);
  }

  /** Returns the name of a provider, as it is in the template. */
  private static nameOf(provider: cognito.IUserPoolIdentityProvider): unknown {
    const resource = provider.node.defaultChild;
    return resource instanceof cognito.CfnUserPoolIdentityProvider
      ? Stack.of(provider).resolve(resource.providerName)
      : provider instanceof CognitoIdentityProvider && provider.names[1];
  }

  /** Returns another construct of the app for the same provider, the CDK's own ones included. */
  private twin(userPool: cognito.IUserPool): IConstruct | undefined {
    const [, name] = this.names;
    const ofStack = this.stack.node
      .findAll()
      .filter((it) => it instanceof CognitoIdentityProvider)
      .find((it) => it !== this && it.stack === this.stack && same(it.names, this.names));
    return (
      ofStack ??
      userPool.identityProviders.find((it) => same(CognitoIdentityProvider.nameOf(it), name))
    );
  }

  /**
   * Refers to the provider by its pool and its name.
   */
  public get userPoolIdentityProviderRef(): references.UserPoolIdentityProviderReference {
    return { userPoolId: this.attribute("UserPoolId"), providerName: this.providerName };
  }

  /**
   * The time at which the provider was created, in ISO 8601.
   */
  public get creationDate(): string {
    return this.attribute("CreationDate");
  }

  /**
   * The time at which the provider was last changed, in ISO 8601, as of the last deployment.
   */
  public get lastModifiedDate(): string {
    return this.attribute("LastModifiedDate");
  }

  /**
   * Returns an attribute of the resource by its name in the reference, such as `token_url`. The
   * deployment fails if the provider does not have it.
   *
   * @param name The name of the attribute.
   */
  public attribute(name: string): string {
    return this.resource.getAtt(name).toString();
  }
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Separates the values in the template from those that the function reads. */
function split(provider: Construct, details: Definition["details"]) {
  const text: { [key: string]: string | boolean } = {};
  const sources = new Map<string, NonNullable<ProviderValue["_source"]>>();
  for (const [key, value] of Object.entries(details)) {
    if (value instanceof ProviderValue) {
      if (value._source) {
        sources.set(key, value._source);
      } else {
        text[key] = value._text as string;
      }
    } else if (typeof value === "object" && value !== null) {
      // Only JavaScript lets this happen, such as a secret in place of its value.
      throw new Error(
        `${provider.node.path}: ${named(["ProviderDetails", key])} must be a ProviderValue, such ` +
          "as ProviderValue.fromSecretsManager(secret)",
      );
    } else if (value !== undefined) {
      text[key] = value;
    }
  }
  return { text, sources };
}

/** Returns errors about keys that are given by a property and in `additionalDetails`. */
function twice(details: object, additional: object = {}): string[] {
  return Object.entries(details)
    .filter(([key, value]) => value !== undefined && key in additional)
    .map(
      ([key]) =>
        `${named(["ProviderDetails", key])} is set by a property of the construct: remove it from additionalDetails`,
    );
}
