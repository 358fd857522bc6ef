"""Recognizing operating systems and databases in what real tools write."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_pipelines.discovery import products
from flow_pipelines.discovery.products import identify_databases, identify_operating_systems, identify_software
from flow_pipelines.reference.end_of_life import end_of_life_facts
from flow_pipelines.reference.products import product_rules

Identify = Callable[[pd.Series, pd.Series], pd.DataFrame]
NONE = None

# name, version, product, cycle
OPERATING_SYSTEMS: list[tuple[str | None, str | None, str | None, str | None]] = [
    # VMware and RVTools
    ("Microsoft Windows Server 2012 R2 (64-bit)", NONE, "windows-server", "2012 R2"),
    ("Microsoft Windows Server 2012 (64-bit)", NONE, "windows-server", "2012"),
    ("Microsoft Windows Server 2008 R2 (64-bit)", NONE, "windows-server", "2008 R2"),
    ("Microsoft Windows Server 2008 (32-bit)", NONE, "windows-server", "2008"),
    ("Microsoft Windows Server 2003 Standard (32-bit)", NONE, "windows-server", "2003"),
    ("Microsoft Windows Server 2003 (64-bit)", NONE, "windows-server", "2003"),
    ("Microsoft Windows Server 2016 (64-bit)", NONE, "windows-server", "2016"),
    ("Microsoft Windows Server 2019 (64-bit)", NONE, "windows-server", "2019"),
    ("Microsoft Windows Server 2022 (64-bit)", NONE, "windows-server", "2022"),
    ("Microsoft Windows Server 2025 (64-bit)", NONE, "windows-server", "2025"),
    ("Microsoft Windows 2000 Server", NONE, "windows-server", "2000"),
    ("Microsoft Windows 2000 Professional", NONE, "windows", "2000"),
    ("Microsoft Windows XP Professional (32-bit)", NONE, "windows", "XP"),
    ("Microsoft Windows Vista (64-bit)", NONE, "windows", "Vista"),
    ("Microsoft Windows 7 (64-bit)", NONE, "windows", "7"),
    ("Microsoft Windows 8.x (64-bit)", NONE, "windows", NONE),
    ("Microsoft Windows 10 (64-bit)", NONE, "windows", "10"),
    ("Microsoft Windows 11 (64-bit)", NONE, "windows", "11"),
    ("Red Hat Enterprise Linux 7 (64-bit)", NONE, "rhel", "7"),
    ("Red Hat Enterprise Linux 6 (32-bit)", NONE, "rhel", "6"),
    ("Red Hat Enterprise Linux 8 (64-bit)", NONE, "rhel", "8"),
    ("Red Hat Enterprise Linux 9 (64-bit)", NONE, "rhel", "9"),
    ("Red Hat Fedora (64-bit)", NONE, "fedora", NONE),
    ("CentOS 7 (64-bit)", NONE, "centos", "7"),
    ("CentOS 8 (64-bit)", NONE, "centos", "8"),
    ("Oracle Linux 8 (64-bit)", NONE, "oracle-linux", "8"),
    ("SUSE Linux Enterprise 12 (64-bit)", NONE, "sles", "12"),
    ("SUSE Linux Enterprise 15 (64-bit)", NONE, "sles", "15"),
    ("SUSE openSUSE (64-bit)", NONE, "opensuse", NONE),
    ("Ubuntu Linux (64-bit)", NONE, "ubuntu", NONE),
    ("Ubuntu Linux (64-bit)", "20.04", "ubuntu", "20.04"),
    ("Debian GNU/Linux 10 (64-bit)", NONE, "debian", "10"),
    ("Debian GNU/Linux 6 (64-bit)", NONE, "debian", "6"),
    ("VMware Photon OS (64-bit)", NONE, "photon", NONE),
    ("VMware ESXi 6.7.0", NONE, "esxi", "6.7"),
    ("VMware ESXi 7.0.3 build-21930508", NONE, "esxi", "7.0"),
    ("VMware ESXi 6.5.0-13932383", NONE, "esxi", "6.5"),
    ("VMware ESXi 8.0 U2", NONE, "esxi", "8.0"),
    ("VMware ESX 4.1.0", NONE, "esxi", "4.1"),
    ("VMware ESXi", "7.0.3", "esxi", "7.0"),
    ("Oracle Solaris 11 (64-bit)", NONE, "solaris", "11"),
    ("Oracle Solaris 10 (64-bit)", NONE, "solaris", "10"),
    ("FreeBSD 12 (64-bit)", NONE, "freebsd", "12"),
    ("Apple macOS 10.15 (64-bit)", NONE, "macos", "10.15"),
    # Identifiers of VMware guests
    ("windows9Server64Guest", NONE, "windows-server", NONE),
    ("windows8Server64Guest", NONE, "windows-server", "2012"),
    ("windows7Server64Guest", NONE, "windows-server", "2008 R2"),
    ("windows2019srv_64Guest", NONE, "windows-server", "2019"),
    ("windows2019srvNext_64Guest", NONE, "windows-server", "2022"),
    ("rhel7_64Guest", NONE, "rhel", "7"),
    ("centos7_64Guest", NONE, "centos", "7"),
    ("sles12_64Guest", NONE, "sles", "12"),
    ("debian10_64Guest", NONE, "debian", "10"),
    ("oracleLinux7_64Guest", NONE, "oracle-linux", "7"),
    # CMDBs: a name and a version beside it
    ("Windows 2008 R2 Standard", NONE, "windows-server", "2008 R2"),
    ("Windows 2012 R2 Standard", "6.3.9600", "windows-server", "2012 R2"),
    ("Windows Server 2016 Standard", "10.0.14393", "windows-server", "2016"),
    ("Windows Server 2019 Datacenter", "1809", "windows-server", "2019"),
    ("Windows Server", "10.0.17763", "windows-server", "2019"),
    ("Windows Server", "6.3 (Build 9600)", "windows-server", "2012 R2"),
    ("Windows Server 2008", "6.0 (6002)", "windows-server", "2008 SP2"),
    ("Windows Server 2008 R2 Enterprise", "6.1.7601", "windows-server", "2008 R2 SP1"),
    ("Windows Server 2008 R2 Enterprise", "6.1.7600", "windows-server", "2008 R2 RTM"),
    ("Windows Server 2008 R2", "SP1", "windows-server", "2008 R2 SP1"),
    ("Windows Server 2003 R2", "5.2.3790 Service Pack 2", "windows-server", "2003 R2"),
    ("Windows", "Server 2016 Standard", "windows-server", "2016"),
    ("Microsoft", "Windows Server 2012 R2", "windows-server", "2012 R2"),
    ("Windows 10 Pro", "22H2", "windows", "10 22H2"),
    ("Windows 10 Enterprise", "10.0.19045", "windows", "10 22H2"),
    ("Windows 11 Enterprise", "10.0.22631.3007", "windows", "11 23H2"),
    ("Windows 7 Professional", "6.1.7601", "windows", "7 SP1"),
    ("Linux Red Hat", "7.6", "rhel", "7"),
    ("Linux Red Hat", "6.10", "rhel", "6"),
    ("Linux", "Red Hat Enterprise Linux Server 7.9", "rhel", "7"),
    (NONE, "Red Hat Enterprise Linux Server 7.9", "rhel", "7"),
    ("RHEL", "3.10.0-1160.el7.x86_64", "rhel", "7"),
    ("Red Hat Enterprise Linux", "4.18.0-425.3.1.el8_7.x86_64", "rhel", "8"),
    ("Red Hat Enterprise Linux 8", "8.6", "rhel", "8"),
    ("Oracle Linux", "5.4.17-2136.300.7.el8uek.x86_64", "oracle-linux", "8"),
    ("CentOS", "7.9.2009", "centos", "7"),
    ("SUSE Linux Enterprise Server 11", "11.4", "sles", "11.4"),
    ("SLES 12", "SP5", "sles", "12.5"),
    ("Linux SuSE", "12.5", "sles", "12.5"),
    ("Linux SuSE", "15 SP4", "sles", "15.4"),
    ("SunOS", "5.10", "solaris", "10"),
    ("SunOS", "5.11", "solaris", "11"),
    ("Solaris", "11.3", "solaris", "11.3"),
    ("AIX", "7.1", "aix", "7.1"),
    ("AIX", "7200-05-03-2148", "aix", "7.2.5"),
    ("AIX", "7.2.0.0", "aix", "7.2"),
    ("HP-UX", "B.11.31", "hp-ux", "11.31"),
    ("Mac OS X", "10.15.7", "macos", "10.15"),
    ("Windows", "10.0.20348", "windows-server", "2022"),
    # What systems say of themselves
    ("Red Hat Enterprise Linux Server release 6.10 (Santiago)", NONE, "rhel", "6"),
    ("Red Hat Enterprise Linux Server 7.9 (Maipo)", NONE, "rhel", "7"),
    ("Red Hat Enterprise Linux release 9.3 (Plow)", NONE, "rhel", "9"),
    ("Red Hat Enterprise Linux AS release 4 (Nahant Update 9)", NONE, "rhel", "4"),
    ("CentOS Linux release 7.2.1511 (Core)", NONE, "centos", "7"),
    ("CentOS release 6.9 (Final)", NONE, "centos", "6"),
    ("CentOS Stream 9", NONE, "centos-stream", "9"),
    ("CentOS Stream release 8", NONE, "centos-stream", "8"),
    ("Oracle Linux Server 8.6", NONE, "oracle-linux", "8"),
    ("Oracle Linux Server release 7.9", NONE, "oracle-linux", "7"),
    ("Oracle Enterprise Linux 5.11", NONE, "oracle-linux", "5"),
    ("OL7", NONE, "oracle-linux", "7"),
    ("Rocky Linux 8.8 (Green Obsidian)", NONE, "rocky-linux", "8"),
    ("AlmaLinux 9.2 (Turquoise Kodkod)", NONE, "almalinux", "9"),
    ("Amazon Linux 2", NONE, "amazon-linux", "2"),
    ("Amazon Linux 2023.4.20240401", NONE, "amazon-linux", "2023"),
    ("Amazon Linux AMI 2018.03", NONE, "amazon-linux", "2018.03"),
    ("Ubuntu 22.04.3 LTS", NONE, "ubuntu", "22.04"),
    ("Ubuntu 16.04.3 LTS", NONE, "ubuntu", "16.04"),
    ("Ubuntu Focal Fossa", NONE, "ubuntu", "20.04"),
    ("Debian GNU/Linux 10 (buster)", NONE, "debian", "10"),
    ("Debian bullseye", NONE, "debian", "11"),
    ("Debian GNU/Linux 12.5", NONE, "debian", "12"),
    ("SUSE Linux Enterprise Server 12 SP5", NONE, "sles", "12.5"),
    ("SUSE Linux Enterprise 12 SP5", NONE, "sles", "12.5"),
    ("SUSE Linux Enterprise Server 15 SP4", NONE, "sles", "15.4"),
    ("SUSE Linux Enterprise Server for SAP Applications 12 SP3", NONE, "sles", "12.3"),
    ("SLES 15.3", NONE, "sles", "15.3"),
    ("SLES12SP4", NONE, "sles", "12.4"),
    ("openSUSE Leap 15.4", NONE, "opensuse", "15.4"),
    ("SUSE Linux Micro 6.1", NONE, "suse-linux-micro", "6.1"),
    ("Fedora Linux 38 (Server Edition)", NONE, "fedora", "38"),
    ("Alpine Linux v3.18", NONE, "alpine-linux", "3.18"),
    ("Linux Mint 21.2", NONE, "linuxmint", "21.2"),
    ("FreeBSD 13.2-RELEASE-p6", NONE, "freebsd", "13.2"),
    ("OpenBSD 7.4", NONE, "openbsd", "7.4"),
    ("SunOS 5.10 Generic_150400-40", NONE, "solaris", "10"),
    ("Oracle Solaris 10 8/11", NONE, "solaris", "10"),
    ("Solaris 11.4.42.111.0", NONE, "solaris", "11.4"),
    ("Solaris 9", NONE, "solaris", "9"),
    ("AIX 7.1", NONE, "aix", "7.1"),
    ("AIX 7100-05", NONE, "aix", "7.1.5"),
    ("IBM AIX 7.2 TL5", NONE, "aix", "7.2.5"),
    ("AIX 6.1", NONE, "aix", "6.1"),
    ("AIX 5300", NONE, "aix", "5.3"),
    ("HP-UX B.11.31", NONE, "hp-ux", "11.31"),
    ("HP-UX 11i v3", NONE, "hp-ux", "11.31"),
    ("HP-UX 11.11", NONE, "hp-ux", NONE),
    ("IBM i 7.3", NONE, "ibm-i", "7.3"),
    ("OS/400 V5R4", NONE, "ibm-i", "5.4"),
    ("IBM i V7R4M0", NONE, "ibm-i", "7.4"),
    ("z/OS V2R4", NONE, "z-os", "2.4"),
    ("z/OS", "02.05.00", "z-os", "2.5"),
    ("Microsoft Windows NT Server 6.3", NONE, "windows-server", "2012 R2"),
    ("Microsoft Windows NT Advanced Server 6.1", NONE, "windows-server", "2008 R2"),
    ("Microsoft Windows NT Workstation 6.1", NONE, "windows", "7"),
    # Without a word on the edition a server is likelier, and the desktop ended on the same day.
    ("Windows 2000", NONE, "windows-server", "2000"),
    ("Microsoft Windows 2000 SP4", NONE, "windows-server", "2000"),
    ("Win2000", NONE, "windows-server", "2000"),
    ("Win2k", NONE, "windows-server", "2000"),
    ("W2K", NONE, "windows-server", "2000"),
    ("Windows NT 4.0", NONE, "windows-server", "NT 4.0"),
    ("Windows NT", "4.0", "windows-server", "NT 4.0"),
    ("WinNT 4 SP6a", NONE, "windows-server", "NT 4.0"),
    ("Windows NT 4.0 Server", NONE, "windows-server", "NT 4.0"),
    ("Microsoft(R) Windows(R) Server 2003, Enterprise Edition", NONE, "windows-server", "2003"),
    ("Microsoft® Windows Server® 2008 Standard", NONE, "windows-server", "2008"),
    ("Microsoft Windows Server 2008 R2 Standard Service Pack 1", NONE, "windows-server", "2008 R2 SP1"),
    ("Windows Server 2019 Datacenter 10.0.17763", NONE, "windows-server", "2019"),
    ("Windows Server, version 1909", NONE, "windows-server", "version 1909"),
    ("Windows Server 20H2", NONE, "windows-server", "version 20H2"),
    ("Microsoft Hyper-V Server 2012 R2", NONE, "hyper-v-server", "2012 R2"),
    ("Windows 10 Enterprise LTSC 2019", NONE, "windows", "10 LTSC 2019"),
    ("Windows 10 Enterprise 2016 LTSB", NONE, "windows", "10 LTSC 2016"),
    ("XCP-ng 8.2", NONE, "xcp-ng", "8.2"),
    ("Proxmox VE 7.4", NONE, "proxmox-ve", "7"),
    ("Nutanix AOS 6.5.2", NONE, "nutanix-aos", "6.5"),
    ("Citrix XenServer 7.1", NONE, "xenserver", NONE),
    # People
    ("Win2k16", NONE, "windows-server", "2016"),
    ("Win2k8 R2", NONE, "windows-server", "2008 R2"),
    ("W2K12R2", NONE, "windows-server", "2012 R2"),
    ("W2K3", NONE, "windows-server", "2003"),
    ("w2016", NONE, "windows-server", "2016"),
    ("WS2019", NONE, "windows-server", "2019"),
    ("Win2012R2Std", NONE, "windows-server", "2012 R2"),
    ("WinSrv 2022", NONE, "windows-server", "2022"),
    ("WindowsServer2016", NONE, "windows-server", "2016"),
    ("windows_server_2019_datacenter", NONE, "windows-server", "2019"),
    ("Windows-2012-R2", NONE, "windows-server", "2012 R2"),
    ("Windows Server 2012 Std R2", NONE, "windows-server", "2012 R2"),
    ("RHEL 7U6", NONE, "rhel", "7"),
    ("Red Hat Enterprise Linux 7.x", NONE, "rhel", "7"),
    ("Win10Ent", NONE, "windows", "10"),
    ("Server 2012 R2", NONE, "windows-server", "2012 R2"),
    ("WIN10", NONE, "windows", "10"),
    ("RHEL 7.9", NONE, "rhel", "7"),
    ("RHEL7", NONE, "rhel", "7"),
    ("rhel-8.4", NONE, "rhel", "8"),
    ("RedHat 7.4", NONE, "rhel", "7"),
    ("ubuntu20.04", NONE, "ubuntu", "20.04"),
    # Mistyped
    ("Windws Server 2012", NONE, "windows-server", "2012"),
    ("Widnows Sevrer 2016 Standart", NONE, "windows-server", "2016"),
    ("Mircosoft Windows Server 2019", NONE, "windows-server", "2019"),
    ("Redhat Enterprize", NONE, "rhel", NONE),
    ("Redhat Enterprize Linux 7", NONE, "rhel", "7"),
    ("Suse Linux Enterprse Server 12 SP4", NONE, "sles", "12.4"),
    ("Ubunto 18.04", NONE, "ubuntu", "18.04"),
    ("Debain 9", NONE, "debian", "9"),
    ("Centso 7", NONE, "centos", "7"),
    ("Solarsi 10", NONE, "solaris", "10"),
    # German, French, Spanish
    ("Microsoft Windows Server 2012 R2 Standard (64 Bit)", NONE, "windows-server", "2012 R2"),
    ("Microsoft Windows Server 2008 R2 Entreprise 64 bits", NONE, "windows-server", "2008 R2"),
    ("Windows Serveur 2016 Édition Standard", NONE, "windows-server", "2016"),
    ("Microsoft Windows Server 2016 oder höher (64 Bit)", NONE, "windows-server", NONE),
    ("Microsoft Windows Server 2016 ou ultérieur (64 bits)", NONE, "windows-server", NONE),
    ("Microsoft Windows Server 2016 o posterior (64 bits)", NONE, "windows-server", NONE),
]

DATABASES: list[tuple[str | None, str | None, str | None, str | None]] = [
    ("Microsoft SQL Server 2014 SP3 Enterprise", NONE, "mssqlserver", "2014 SP3"),
    ("Microsoft SQL Server 2016 (SP2-CU15) (KB4577775) - 13.0.5850.14 (X64)", NONE, "mssqlserver", "2016 SP2"),
    (
        "Microsoft SQL Server 2012 - 11.0.2100.60 (X64) on Windows NT 6.1 <X64> (Build 7601: Service Pack 1)",
        NONE,
        "mssqlserver",
        "2012 RTM",
    ),
    ("Microsoft SQL Server 2017 (RTM-CU31)", NONE, "mssqlserver", "2017"),
    ("SQL Server 2008 R2", NONE, "mssqlserver", "2008 R2"),
    ("SQL Server 2005 Express", NONE, "mssqlserver", "2005"),
    ("MS SQL Server 2019 Standard", NONE, "mssqlserver", "2019"),
    ("SQL2016", NONE, "mssqlserver", "2016"),
    ("MSSQL 12.0.6024", NONE, "mssqlserver", "2014 SP3"),
    ("MSSQL", "10.50.6000.34", "mssqlserver", "2008 R2 SP3"),
    ("SQL Server", "13.0.5026.0", "mssqlserver", "2016 SP2"),
    ("SQL Server", "13.0.1601.5", "mssqlserver", "2016 RTM"),
    ("SQL Server", "15.0.4123.1", "mssqlserver", "2019"),
    ("SQL Server 2022", "16.0.1000.6", "mssqlserver", "2022"),
    ("Microsoft SQL Server 2016", "13.0.6300.2", "mssqlserver", "2016 SP3"),
    ("SQL Server 2016 SP3", "13.0.7000.253", "mssqlserver", "2016 SP3 Azure Connect Pack"),
    ("cmdb_ci_db_mssql_instance", "13.0.5026.0", "mssqlserver", "2016 SP2"),
    ("cmdb_ci_db_mssql_instance", NONE, "mssqlserver", NONE),
    ("MSFT SQL Instance", "11.0.7001.0", "mssqlserver", "2012 SP4"),
    ("cmdb_ci_db_ora_instance", "19.3.0.0.0", "oracle-database", "19"),
    ("cmdb_ci_db_mysql_instance", "5.7.44", "mysql", "5.7"),
    ("cmdb_ci_db_postgresql_instance", "13.4", "postgresql", "13"),
    ("cmdb_ci_db_db2_instance", "11.5.4.0", "db2", "11.5"),
    ("cmdb_ci_db_mongodb_instance", "4.4.6", "mongodb", "4.4"),
    ("Oracle Database 12c Release 2", NONE, "oracle-database", "12.2"),
    ("Oracle 12cR1", NONE, "oracle-database", "12.1"),
    ("Oracle 11.2.0.4", NONE, "oracle-database", "11.2"),
    ("Oracle 11g R2", NONE, "oracle-database", "11.2"),
    ("Oracle Database 11g Enterprise Edition Release 11.2.0.4.0 - 64bit Production", NONE, "oracle-database", "11.2"),
    ("Oracle Database 19c Enterprise Edition Release 19.0.0.0.0 - Production", NONE, "oracle-database", "19"),
    ("Oracle", "12.1.0.2", "oracle-database", "12.1"),
    ("Oracle", "19", "oracle-database", "19"),
    ("Oracle 10g Release 2", NONE, "oracle-database", "10.2"),
    ("Oracle9i Release 2", NONE, "oracle-database", "9.2"),
    # A family without its release: all of its releases are past support.
    ("Oracle 9i", NONE, "oracle-database", "9"),
    ("Oracle10g", NONE, "oracle-database", "10"),
    ("Oracle 11g", NONE, "oracle-database", "11"),
    ("Oracle Database 11g Enterprise Edition", NONE, "oracle-database", "11"),
    ("Oracle 11g", "11.2.0.4", "oracle-database", "11.2"),
    ("Oracle 12c", NONE, "oracle-database", "12"),
    ("Oracle", "12", "oracle-database", "12"),
    ("Oracle 12c", "12.1.0.2", "oracle-database", "12.1"),
    ("Oracle Database 23ai", NONE, "oracle-database", "23"),
    ("PostgreSQL 9.6.24", NONE, "postgresql", "9.6"),
    ("PostgreSQL 13.4 on x86_64-pc-linux-gnu, compiled by gcc (GCC) 4.8.5", NONE, "postgresql", "13"),
    ("Postgres 12", NONE, "postgresql", "12"),
    ("postgresql-14", NONE, "postgresql", "14"),
    ("PostgreSQL", "10.23", "postgresql", "10"),
    ("MySQL 5.7.44", NONE, "mysql", "5.7"),
    ("mysql  Ver 14.14 Distrib 5.7.22", NONE, "mysql", "5.7"),
    ("MySQL Community Server 8.0.35", NONE, "mysql", "8.0"),
    ("MySQL", "5.5.62-log", "mysql", "5.5"),
    ("MySQL", "10.3.39-MariaDB", "mariadb", "10.3"),
    ("MySQL", "5.5.5-10.3.39-MariaDB", "mariadb", "10.3"),
    ("MariaDB 10.3", NONE, "mariadb", "10.3"),
    ("MariaDB 10.11.6", NONE, "mariadb", "10.11"),
    ("IBM DB2 v11.1", NONE, "db2", "11.1"),
    ("DB2 LUW 10.5.0.8", NONE, "db2", "10.5"),
    ("DB2/LINUXX8664", "11.5.4", "db2", "11.5"),
    ("IBM Db2 Advanced Enterprise Server Edition 9.7", NONE, "db2", "9.7"),
    ("MongoDB", "4.4.6", "mongodb", "4.4"),
    ("MongoDB Enterprise 5.0.14", NONE, "mongodb", "5.0"),
    ("mongod", "3.6.23", "mongodb", "3.6"),
    ("Redis 6.2.7", NONE, "redis", "6.2"),
    ("Apache Cassandra 3.11.4", NONE, "cassandra", "3.11"),
    ("Elasticsearch 7.17.3", NONE, "elasticsearch", "7"),
    ("OpenSearch 2.11", NONE, "opensearch", "2"),
    ("Couchbase Server 6.6", NONE, "couchbase-server", "6.6"),
    ("CouchDB 3.3.2", NONE, "couchdb", "3.3"),
    ("Neo4j 4.4.9", NONE, "neo4j", "4.4"),
    ("InfluxDB 3.1", NONE, "influxdb", "3.1"),
    ("memcached 1.6.9", NONE, "memcached", "1.6"),
    ("SAP HANA 1.00.122", NONE, "sap-hana", "1.0"),
    ("SAP HANA 2.00.059.00", NONE, "sap-hana", NONE),
    ("Sybase ASE 15.7", NONE, "sap-ase", NONE),
    ("IBM Informix 12.10", NONE, "informix", NONE),
    ("Teradata 16.20", NONE, "teradata", NONE),
    ("Postgrsql 11.9", NONE, "postgresql", "11"),
    ("Orcale 19c", NONE, "oracle-database", "19"),
]

NEVER_GUESSED_OPERATING_SYSTEMS = [
    ("CentOS 4/5/6/7 (64-bit)", NONE, "centos"),
    ("CentOS 4/5 or later (64-bit)", NONE, "centos"),
    ("Oracle Linux 4/5/6/7 (64-bit)", NONE, "oracle-linux"),
    ("Microsoft Windows Server 2016 or later (64-bit)", NONE, "windows-server"),
    ("Windows Server 2016+", NONE, "windows-server"),
    ("Windows Server 2008/2012", NONE, "windows-server"),
    ("Windows Server 2012 R2/2016", NONE, "windows-server"),
    ("Windows Server 2012 R2 or 2016", NONE, "windows-server"),
    ("Windows Server 2012 R2 und 2016", NONE, "windows-server"),
    ("RHEL 7 or 8", NONE, "rhel"),
    ("Windows Server", NONE, "windows-server"),
    ("Windows Server 2012 R2", "6.1.7601", "windows-server"),
    ("Microsoft Windows NT Server 10.0", NONE, "windows-server"),
    ("RHEL 7", "8.4", "rhel"),
    ("Red Hat Enterprise Linux", "3.10.0", "rhel"),
    ("Red Hat Enterprise Linux", "4.18", "rhel"),
    ("Debian GNU/Linux", "4.19", "debian"),
    ("Ubuntu", "5.4.0-42-generic", "ubuntu"),
    ("Ubuntu 20", NONE, "ubuntu"),
    ("FreeBSD Pre-11 versions (32-bit)", NONE, "freebsd"),
    ("SUSE Linux Enterprise 8/9 (64-bit)", NONE, "sles"),
    ("Windows", "10.0.17763", NONE),
    ("Windows NT", "6.1", NONE),
    ("Windows NT 4.0 Workstation", NONE, "windows"),
    ("Windows Embedded POSReady 7", NONE, NONE),
    ("Linux SuSE", "12.3", NONE),
    ("SUSE Linux Enterprise Desktop 12", NONE, NONE),
    ("Red Hat Virtualization Host 4.3", NONE, NONE),
    ("Red Hat Decision Manager 7", NONE, NONE),
    ("Other 3.x Linux (64-bit)", NONE, NONE),
    ("Other (32-bit)", NONE, NONE),
    ("Linux", "5.10", NONE),
    ("Devuan 4", NONE, NONE),
    ("Polaris 11", NONE, NONE),
    ("Cisco IOS 15.2", NONE, NONE),
    ("unknown", "7", NONE),
    ("Microsoft SQL Server 2016", NONE, NONE),
    ("", "", NONE),
    (NONE, NONE, NONE),
    (NONE, "7.9", NONE),
]

NEVER_GUESSED_DATABASES = [
    ("Oracle 11g or 12c", NONE, "oracle-database"),
    ("Oracle 8i", NONE, "oracle-database"),
    ("PostgreSQL 9", NONE, "postgresql"),
    ("MySQL 8", NONE, "mysql"),
    ("SQL Server 2014", "13.0.4001", "mssqlserver"),
    ("SQL Server 2016 or later", NONE, "mssqlserver"),
    ("SQL Server", "99.1", "mssqlserver"),
    ("Amazon Aurora PostgreSQL 13", NONE, NONE),
    ("Azure SQL Database 12.0.2000.8", NONE, NONE),
    ("Percona Server 5.7", NONE, NONE),
    ("Oracle TimesTen 18.1", NONE, NONE),
    ("Oracle WebLogic 12.2", NONE, NONE),
    ("DB2 for z/OS 12", NONE, NONE),
    ("EDB Postgres Advanced Server 13", NONE, NONE),
    ("mSQL 3.9", NONE, NONE),
    ("unknown", NONE, NONE),
    (NONE, NONE, NONE),
]


def identify_one(identify: Identify, name: str | None, version: str | None) -> dict[str, str | None]:
    found = identify(pd.Series([name], dtype=object), pd.Series([version], dtype=object))
    return dict(found.iloc[0])


@pytest.mark.parametrize(("name", "version", "product", "cycle"), OPERATING_SYSTEMS)
def test_recognizes_operating_systems_as_tools_and_people_write_them(
    name: str | None, version: str | None, product: str | None, cycle: str | None
) -> None:
    found = identify_one(identify_operating_systems, name, version)
    assert (found["product"], found["cycle"]) == (product, cycle)


@pytest.mark.parametrize(("name", "version", "product", "cycle"), DATABASES)
def test_recognizes_databases_as_tools_and_people_write_them(
    name: str | None, version: str | None, product: str | None, cycle: str | None
) -> None:
    found = identify_one(identify_databases, name, version)
    assert (found["product"], found["cycle"]) == (product, cycle)


@pytest.mark.parametrize(("name", "version", "product"), NEVER_GUESSED_OPERATING_SYSTEMS)
def test_never_guesses_a_release_of_an_operating_system(
    name: str | None, version: str | None, product: str | None
) -> None:
    found = identify_one(identify_operating_systems, name, version)
    assert (found["product"], found["cycle"]) == (product, None)


@pytest.mark.parametrize(("name", "version", "product"), NEVER_GUESSED_DATABASES)
def test_never_guesses_a_release_of_a_database(name: str | None, version: str | None, product: str | None) -> None:
    found = identify_one(identify_databases, name, version)
    assert (found["product"], found["cycle"]) == (product, None)


def test_a_lower_bound_is_made_precise_by_the_version_beside_it() -> None:
    found = identify_one(
        identify_operating_systems, "Microsoft Windows Server 2016 or later (64-bit)", "10.0.20348.2113"
    )
    assert (found["cycle"], found["version"]) == ("2022", "10.0.20348.2113")


@pytest.mark.parametrize(
    ("identify", "name", "version", "told"),
    [
        (identify_operating_systems, "Windows 2008 R2 Standard", NONE, ("Microsoft", "Standard", NONE)),
        (identify_operating_systems, "Win2012R2Std", NONE, ("Microsoft", "Standard", NONE)),
        (
            identify_operating_systems,
            "Windows Server 2019 Datacenter",
            "10.0.17763",
            ("Microsoft", "Datacenter", "10.0.17763"),
        ),
        (identify_operating_systems, "Windows Server 2016 Standart", NONE, ("Microsoft", "Standard", NONE)),
        (
            identify_operating_systems,
            "Red Hat Enterprise Linux Server release 6.10",
            NONE,
            ("Red Hat", "Server", "6.10"),
        ),
        (identify_operating_systems, "RHEL 7", "7.9", ("Red Hat", NONE, "7.9")),
        (identify_operating_systems, "RHEL 7.6", "7.9", ("Red Hat", NONE, NONE)),
        (identify_operating_systems, "RHEL 2.1", NONE, ("Red Hat", NONE, NONE)),
        (identify_operating_systems, "AIX", "7100-05-03", ("IBM", NONE, "7100-05-03")),
        (identify_operating_systems, "Windows NT", "6.1", ("Microsoft", NONE, NONE)),
        (identify_databases, "Microsoft SQL Server 2014 SP3 Enterprise", NONE, ("Microsoft", "Enterprise", NONE)),
        (identify_databases, "SQL Server Express", "13.0.5026.0", ("Microsoft", "Express", "13.0.5026.0")),
        (
            identify_databases,
            "Oracle Database 19c Standard Edition 2",
            "19.3.0.0.0",
            ("Oracle", "Standard Edition 2", "19.3.0.0.0"),
        ),
        (identify_databases, "Sybase ASE 15.7", NONE, ("SAP", NONE, "15.7")),
    ],
)
def test_tells_vendor_edition_and_precise_version(
    identify: Identify, name: str, version: str | None, told: tuple[str | None, ...]
) -> None:
    found = identify_one(identify, name, version)
    assert (found["vendor"], found["edition"], found["version"]) == told


def test_the_same_release_in_two_precisions_is_one_cycle_and_two_patch_levels_keep_it() -> None:
    assert identify_one(identify_operating_systems, "RHEL 7.6", "7.9")["cycle"] == "7"
    assert identify_one(identify_databases, "MySQL 5.7.40", "5.7.44")["cycle"] == "5.7"


def test_every_product_and_cycle_recognized_joins_a_fact() -> None:
    known = set(zip(end_of_life_facts()["product"], end_of_life_facts()["cycle"], strict=True))
    for identify, samples in ((identify_operating_systems, OPERATING_SYSTEMS), (identify_databases, DATABASES)):
        texts = pd.DataFrame(samples, columns=["name", "version", "product", "cycle"], dtype=object)
        found = identify(texts["name"], texts["version"]).dropna(subset="cycle")
        assert set(zip(found["product"], found["cycle"], strict=True)) <= known


def test_recognizes_every_fact_by_its_own_title_and_cycle() -> None:
    facts = end_of_life_facts()
    facts = facts[
        ~((facts["product"] == "aix") & facts["cycle"].str.endswith(".0"))  # told by technology level only
        & ~((facts["product"] == "windows") & (facts["cycle"] == "2000"))  # Windows 2000 may be a server
    ]
    for category, identify in (("operating_system", identify_operating_systems), ("database", identify_databases)):
        of_category = facts[facts["category"] == category].reset_index(drop=True)
        found = identify(of_category["title"], of_category["cycle"])
        pd.testing.assert_frame_equal(found[["product", "cycle"]], of_category[["product", "cycle"]])


def test_products_without_any_fact_are_the_ones_we_mean() -> None:
    rules = product_rules()
    recognized = {rule.product for rule in (*rules.operating_systems, *rules.databases) if rule.product}
    assert recognized - set(end_of_life_facts()["product"]) == {
        "firebird",
        "netezza",
        "openvms",
        "progress-openedge",
        "sap-ase",
        "sap-maxdb",
        "teradata",
        "tru64",
        "vertica",
        "xenserver",
    }
    assert set(end_of_life_facts()["product"]) <= recognized | {rule.product for rule in rules.software}


@pytest.mark.parametrize(
    ("entry", "category", "product", "cycle"),
    [
        ("Apache Tomcat 9.0.54", "middleware", "tomcat", "9.0"),
        ("Java 8 Update 201 (64-bit)", "runtime", "oracle-jdk", "8"),
        ("java-1.8.0-openjdk-1.8.0.312.b07-1.el7_9.x86_64", "runtime", "red-hat-openjdk", "8"),
        ("Eclipse Temurin JDK with Hotspot 8u392-b08 (x64)", "runtime", "eclipse-temurin", "8"),
        ("OpenJDK 11.0.12", "runtime", "java", None),  # of nobody knows which distributor
        ("Microsoft .NET Framework 4.5.2", "runtime", "dotnet-framework", "4.5.2"),
        ("Microsoft ASP.NET Core 3.1.32 - Shared Framework (x64)", "runtime", "dotnet", "3.1"),
        ("php7.2-fpm", "runtime", "php", "7.2"),
        ("nginx/1.14.1", "middleware", "nginx", "1.14"),
        ("httpd-2.4.6-97.el7", "middleware", "apache-http-server", "2.4"),
        ("kafka_2.13-2.8.0", "middleware", "kafka", "2.8"),  # 2.13 is its Scala
        ("Oracle WebLogic Server 12.2.1.4.0", "middleware", "weblogic", "12.2.1.4"),
        ("WebSphere MQ 7.5", "middleware", "ibm-mq", "7.5"),
        ("IIS 10", "middleware", "iis", "10.0"),
        ("MySQL Server 5.7", "database", "mysql", "5.7"),
        ("/usr/bin/python2.7", "runtime", "python", "2.7"),
        ("SQL Server 2012 Native Client", None, None, None),
        ("Microsoft SQL Server Management Studio - 18.9", None, None, None),
        ("MySQL Workbench 8.0", None, None, None),
        ("Notepad++ 7.9", None, None, None),
    ],
)
def test_recognizes_software_in_the_entries_of_lists(
    entry: str, category: str | None, product: str | None, cycle: str | None
) -> None:
    found = identify_software(pd.Series([entry], dtype=object)).iloc[0]
    assert (found["product"], found["cycle"]) == (product, cycle)
    assert product is None or found["category"] == category


@given(data=st.data())
@settings(max_examples=300)
def test_a_mistyped_word_never_turns_a_release_into_another_one(data: st.DataObject) -> None:
    identify, (name, _, product, cycle) = data.draw(
        st.sampled_from(
            [(identify_operating_systems, sample) for sample in OPERATING_SYSTEMS if sample[0] and not sample[1]]
            + [(identify_databases, sample) for sample in DATABASES if sample[0] and not sample[1]]
        )
    )
    assert name is not None
    words = name.split(" ")
    long_words = [place for place, word in enumerate(words) if word.isalpha() and len(word) > 4]
    if not long_words or product == "centos-stream":  # CentOS without Stream is a product, too
        return
    place = data.draw(st.sampled_from(long_words))
    letter = data.draw(st.integers(1, len(words[place]) - 1))
    put = data.draw(st.sampled_from(["", "e", "x", "nn"]))
    words[place] = words[place][:letter] + put + words[place][letter + 1 :]
    found = identify_one(identify, " ".join(words), None)
    less_precise = cycle.split(" SP")[0] if cycle else None  # a mistyped "Service Pack" is not read
    assert found["cycle"] in (cycle, less_precise, None)
    assert found["product"] in (product, None)


def test_rows_may_come_in_any_order_and_with_any_index() -> None:
    texts = pd.DataFrame(OPERATING_SYSTEMS, columns=["name", "version", "product", "cycle"], dtype=object)
    texts.index = pd.Index([7] * len(texts))
    found = identify_operating_systems(texts["name"], texts["version"])
    turned = texts.iloc[::-1]
    pd.testing.assert_frame_equal(
        identify_operating_systems(turned["name"], turned["version"]).iloc[::-1], found, check_names=True
    )
    assert list(found.index) == list(texts.index)
    assert list(found.columns) == ["vendor", "product", "cycle", "edition", "version"]


def test_no_rows_give_no_rows() -> None:
    none = pd.Series([], dtype=object)
    assert list(identify_databases(none, none).columns) == ["vendor", "product", "cycle", "edition", "version"]


def test_work_grows_with_distinct_texts_not_with_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = products.known_cycle
    monkeypatch.setattr(
        products, "known_cycle", lambda product, release: asked.append(release) or real(product, release)
    )
    names = pd.Series(["RHEL 7.9", "SLES 15.3", None, "Win2k16"] * 25_000, dtype="str")
    found = identify_operating_systems(names, pd.Series([None] * len(names), dtype="str"))
    assert found["cycle"].notna().sum() == 75_000
    assert len(asked) == 3
