import { existsSync } from "node:fs";
import { join } from "node:path";
import { Duration, Fn, type IResource, RemovalPolicy, Resource, Stack } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import * as iam from "aws-cdk-lib/aws-iam";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";

/** Where the build puts the function, as `arm64.zip` and `x86_64.zip`. */
const PACKAGED = join(__dirname, "..", "function");

/**
 * A function that manages identity providers.
 */
export interface ICognitoIdentityProviderFunction extends IResource {
  /**
   * The ARN of the function: the `ServiceToken` of its providers.
   */
  readonly functionArn: string;

  /**
   * The role of the function. Each provider grants it what the provider needs.
   */
  readonly role: iam.IRole;
}

/**
 * An existing function.
 */
export interface CognitoIdentityProviderFunctionAttributes {
  /**
   * The ARN of the function.
   */
  readonly functionArn: string;

  /**
   * The role of the function. Import it with `mutable: false` if it has all permissions already.
   */
  readonly role: iam.IRole;
}

/**
 * What the alarms of a function do.
 */
export interface CognitoIdentityProviderAlarms {
  /**
   * The actions of an alarm, such as `SnsAction`.
   *
   * @default - the alarms only change their state
   */
  readonly actions?: cloudwatch.IAlarmAction[];
}

/**
 * Properties of the function.
 */
export interface CognitoIdentityProviderFunctionProps {
  /**
   * The architecture. arm64 costs about 20 % less.
   *
   * @default Architecture.ARM_64
   */
  readonly architecture?: lambda.Architecture;

  /**
   * The code, if it is not the one in this package.
   *
   * @default - the function in this package, for the architecture
   */
  readonly code?: lambda.Code;

  /**
   * The memory in MiB. The function needs no more than Lambda's minimum.
   *
   * @default 128
   */
  readonly memorySize?: number;

  /**
   * The time for one request, including the retries of throttled calls.
   *
   * @default Duration.minutes(5)
   */
  readonly timeout?: Duration;

  /**
   * The role. It must be allowed to write logs, and gets the other permissions from the providers.
   *
   * @default - a new role
   */
  readonly role?: iam.IRole;

  /**
   * How long CloudWatch keeps the log.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * The lowest level of the function's own log lines.
   *
   * @default ApplicationLogLevel.INFO
   */
  readonly logLevel?: lambda.ApplicationLogLevel;

  /**
   * Alarms on drift, and on requests that failed three times.
   *
   * @default - no alarms
   */
  readonly alarms?: CognitoIdentityProviderAlarms;

  /**
   * Where Lambda sends the events that failed three times, such as `SqsDestination`.
   *
   * @default - nowhere
   */
  readonly onFailure?: lambda.IDestination;

  /**
   * Hosts, with ports, that response URLs may name in addition to those of AWS. For emulators only.
   *
   * @default - hosts of AWS only
   */
  readonly responseUrlHosts?: string[];
}

/**
 * The Lambda function that manages identity providers, behind `Custom::CognitoIdentityProvider`.
 *
 * A stack needs none of its own: the first provider without a `handler` creates one for its stack.
 * Create one to change its settings, or to share it between stacks.
 */
export class CognitoIdentityProviderFunction
  extends Resource
  implements ICognitoIdentityProviderFunction
{
  /**
   * Imports a function.
   *
   * @param scope The scope.
   * @param id The id in the scope.
   * @param attributes The ARN and the role of the function.
   */
  public static fromFunctionAttributes(
    scope: Construct,
    id: string,
    attributes: CognitoIdentityProviderFunctionAttributes,
  ): ICognitoIdentityProviderFunction {
    class Import extends Resource implements ICognitoIdentityProviderFunction {
      public readonly functionArn = attributes.functionArn;
      public readonly role = attributes.role;
    }
    return new Import(scope, id, { environmentFromArn: attributes.functionArn });
  }

  /**
   * Imports the function of the stack that this project's `template.yaml` was deployed as, by the
   * stack's exports. It must be in the same account and region.
   *
   * @param scope The scope.
   * @param id The id in the scope.
   * @param stackName The name of the stack.
   */
  public static fromStackExports(
    scope: Construct,
    id: string,
    stackName: string = "cfn-cognito-idp",
  ): ICognitoIdentityProviderFunction {
    const exported = (name: string) => Fn.importValue(`${stackName}-${name}`);
    return CognitoIdentityProviderFunction.fromFunctionAttributes(scope, id, {
      functionArn: exported("ServiceToken"),
      role: iam.Role.fromRoleName(scope, `${id}Role`, exported("RoleName")),
    });
  }

  /**
   * Returns the function of the stack of a construct: the first one in the stack's construct tree.
   * Creates one with the default settings if there is none yet.
   *
   * @param scope A construct in the stack.
   */
  public static getOrCreate(scope: Construct): ICognitoIdentityProviderFunction {
    const stack = Stack.of(scope);
    const found = stack.node
      .findAll()
      .filter((it) => it instanceof CognitoIdentityProviderFunction)
      .find((it) => it.stack === stack);
    return found ?? new CognitoIdentityProviderFunction(stack, "CognitoIdentityProviderFunction");
  }

  public readonly functionArn: string;

  public readonly role: iam.IRole;

  /**
   * The Lambda function.
   */
  public readonly lambdaFunction: lambda.Function;

  /**
   * The alarm on drift, if `alarms` is given.
   */
  public readonly driftAlarm?: cloudwatch.Alarm;

  /**
   * The alarm on requests that failed three times, if `alarms` is given.
   */
  public readonly droppedAlarm?: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: CognitoIdentityProviderFunctionProps = {}) {
    super(scope, id);
    const architecture = props.architecture ?? lambda.Architecture.ARM_64;
    const logGroup = new logs.LogGroup(this, "LogGroup", {
      retention: props.logRetention ?? logs.RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role =
      props.role ??
      new iam.Role(this, "Role", { assumedBy: new iam.ServicePrincipal("lambda.amazonaws.com") });
    logGroup.grantWrite(this.role);
    // The settings are those of template.yaml, which has the reasons.
    this.lambdaFunction = new lambda.Function(this, "Function", {
      description: "Custom::CognitoIdentityProvider",
      runtime: lambda.Runtime.PROVIDED_AL2023,
      handler: "bootstrap",
      architecture,
      code: props.code ?? packaged(architecture),
      memorySize: props.memorySize ?? 128,
      timeout: props.timeout ?? Duration.minutes(5),
      role: this.role,
      logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
      applicationLogLevelV2: props.logLevel ?? lambda.ApplicationLogLevel.INFO,
      systemLogLevelV2: lambda.SystemLogLevel.WARN,
      environment: props.responseUrlHosts && {
        RESPONSE_URL_HOSTS: props.responseUrlHosts.join(","),
      },
      maxEventAge: Duration.hours(1),
      retryAttempts: 2,
      onFailure: props.onFailure,
    });
    this.functionArn = this.lambdaFunction.functionArn;
    if (props.alarms) {
      this.driftAlarm = this.alarm(
        "Drifted",
        this.metricDrifted(),
        "A provider, or a user pool, is not as its template declares it. " +
          "The function's log names it and what differs.",
        props.alarms,
      );
      this.droppedAlarm = this.alarm(
        "RequestDropped",
        this.lambdaFunction.metric("AsyncEventsDropped", { statistic: "Sum" }),
        "A request failed three times: a stack may wait for a response, or a change was not applied. " +
          "The function's log has the reason.",
        props.alarms,
      );
    }
  }

  /**
   * Returns the metric of comparisons: 1 if a provider is not as its template declares it. All
   * functions of a region share it.
   *
   * @param options Other options of the metric.
   */
  public metricDrifted(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: "CfnCognitoIdp",
      metricName: "Drifted",
      statistic: "Maximum",
      period: Duration.days(1),
      ...options,
    });
  }

  private alarm(
    id: string,
    metric: cloudwatch.Metric,
    alarmDescription: string,
    { actions = [] }: CognitoIdentityProviderAlarms,
  ): cloudwatch.Alarm {
    const alarm = new cloudwatch.Alarm(this, id, {
      alarmDescription,
      metric,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(...actions);
    return alarm;
  }
}

/** Returns the code in this package. */
function packaged(architecture: lambda.Architecture): lambda.Code {
  const zip = join(PACKAGED, `${architecture.name === "arm64" ? "arm64" : "x86_64"}.zip`);
  if (!existsSync(zip)) {
    throw new Error(`${zip} does not exist: this copy of cfn-cognito-idp was built without it`);
  }
  return lambda.Code.fromAsset(zip);
}
